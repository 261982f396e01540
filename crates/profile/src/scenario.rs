//! The scenario format: given / when / then in words a legal reviewer can read and an outsider can add.
//!
//! See `profiles/README.md` for the format with an example. The runner lives in `shuyu-domain`.

use std::collections::BTreeMap;

use serde::Deserialize;
use shuyu_kernel::{CivilDate, ClauseId, Manner};

use crate::{load::ProfileError, source::ProfileSource};

/// A scenario file: dated steps, each expected to succeed or to be refused.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What is shown, one sentence in Chinese.
    pub title: String,
    /// Scenario whose steps run first, by file name without `.toml`.
    #[serde(default)]
    pub after: Option<String>,
    /// Steps in order.
    #[serde(default, rename = "step")]
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Day the act happens (发生日).
    pub on: CivilDate,
    /// Day it is entered (登记日), if later.
    #[serde(default)]
    pub entered_on: Option<CivilDate>,
    /// Who: `role` or `role:body` or `role:body:person`; unknown bodies and people are made up on first use.
    #[serde(rename = "as")]
    pub actor: String,
    /// Post of the person; default `clerk`.
    #[serde(default = "clerk")]
    pub post: String,
    /// `open <procedure>` or the id of an act.
    #[serde(rename = "do")]
    pub act: String,
    /// Name of the case in this file.
    pub case: String,
    /// Lane, for acts taken in a lane: `lane:body`.
    #[serde(default)]
    pub lane: Option<String>,
    /// Manner; in person by default.
    #[serde(default = "in_person")]
    pub manner: Manner,
    /// Fields, as text: dates, amounts, `case:<name>`, `body:<name>`, `file:<name>`.
    #[serde(default)]
    pub set: BTreeMap<String, String>,
    /// Columns struck in a lane, `table.column`.
    #[serde(default)]
    pub strike: Vec<String>,
    /// Run the remaining steps of the route too, each by another person of the body with the right post.
    #[serde(default = "yes")]
    pub route: bool,
    /// Code of the refusal expected; absent = the act succeeds.
    #[serde(default)]
    pub refused: Option<String>,
    /// Clause the refusal must cite.
    #[serde(default)]
    pub clause: Option<ClauseId>,
    /// What holds afterwards.
    #[serde(default)]
    pub then: Then,
}

/// Expectations after a step.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Then {
    /// Stage of the case.
    #[serde(default)]
    pub stage: Option<String>,
    /// Clock → due date.
    #[serde(default)]
    pub due: BTreeMap<String, CivilDate>,
    /// Clock → not running any more.
    #[serde(default)]
    pub stopped: Vec<String>,
    /// A permit exists for the case, or does not.
    #[serde(default)]
    pub permit: Option<bool>,
    /// Due dates of lane clocks: `lane:body` → date.
    #[serde(default)]
    pub lane_due: BTreeMap<String, CivilDate>,
}

/// All scenarios of a profile folder by file name without `.toml`.
pub fn scenarios(source: &ProfileSource) -> Result<BTreeMap<String, Scenario>, Vec<ProfileError>> {
    let mut found = BTreeMap::new();
    let mut errors = Vec::new();
    for (path, text) in source.under("scenarios") {
        let Some(name) = path
            .strip_prefix("scenarios/")
            .and_then(|name| name.strip_suffix(".toml"))
        else {
            continue;
        };
        match toml::from_str::<Scenario>(text) {
            Ok(scenario) => {
                found.insert(name.to_owned(), scenario);
            }
            Err(error) => errors.push(ProfileError {
                file: format!("{}/{path}", source.name),
                line: error
                    .span()
                    .map_or(0, |span| crate::load::line_of(text, span.start)),
                message: error.message().to_owned(),
            }),
        }
    }
    if errors.is_empty() { Ok(found) } else { Err(errors) }
}

fn clerk() -> String {
    "clerk".to_owned()
}
fn in_person() -> Manner {
    Manner::InPerson
}
fn yes() -> bool {
    true
}
