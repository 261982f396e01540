//! `roles.toml` as written: posts, roles, what must be separate, and what passes at a merger.

use serde::Deserialize;
use toml::Spanned;

use super::{CitedIn, HasBasis, Origin, StatedBasis};
use crate::settings::Post;

rule! {
    RawRole {
        id: Spanned<String>,
        title: String,
        title_en: String,
        #[serde(default = "yes")]
        signs_in: bool,
        #[serde(default)]
        single: bool,
        #[serde(default)]
        oversees: bool,
        #[serde(default)]
        moves_cases: bool,
    }
}

rule! {
    RawSeparation {
        roles: [Spanned<String>; 2],
        scope: String,
    }
}

rule! {
    RawSuperior {
        of: Vec<Spanned<String>>,
        is: String,
    }
}

rule! {
    RawResponsibility {
        role: Spanned<String>,
        title: String,
        title_en: String,
    }
}

rule! {
    RawSuccession {
        roles: Vec<Spanned<String>>,
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRoles {
    #[serde(default)]
    pub(crate) post: Vec<Post>,
    #[serde(default)]
    pub(crate) role: Vec<RawRole>,
    #[serde(default)]
    pub(crate) separation: Vec<RawSeparation>,
    #[serde(default)]
    pub(crate) superior: Vec<RawSuperior>,
    #[serde(default)]
    pub(crate) succession: Vec<RawSuccession>,
    #[serde(default)]
    pub(crate) responsibility: Vec<RawResponsibility>,
}

fn yes() -> bool {
    true
}
