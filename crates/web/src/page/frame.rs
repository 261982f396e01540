//! The frame around every page: rail, top bar, training bar, language, breadcrumbs.

use std::sync::Arc;

use shuyu_app::read::Who;
use shuyu_kernel::CivilDate;
use shuyu_profile::Profile;

use super::assets;
use crate::i18n::{Language, Texts};

/// The sections of the rail: path and key of the words, in the order of the work.
pub const RAIL: [(&str, &str); 10] = [
    ("/", "nav-desk"),
    ("/catalogue", "nav-catalogue"),
    ("/cases?section=authorisation", "nav-authorisation"),
    ("/permits", "nav-permits"),
    ("/releases", "nav-release"),
    ("/products", "nav-products"),
    ("/supervision", "nav-supervision"),
    ("/registry", "nav-registry"),
    ("/ledger", "nav-ledger"),
    ("/law", "nav-law"),
];

/// A step of the way to this page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crumb {
    /// Address.
    pub href: String,
    /// Words.
    pub label: String,
}

/// A post to switch to, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostOption {
    /// `body|role|post|paper`.
    pub value: String,
    /// Words.
    pub label: String,
    /// The present one.
    pub present: bool,
}

/// Who is signed in, in words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// Sign-in name.
    pub login: String,
    /// Body.
    pub body: String,
    /// Role.
    pub role: String,
    /// Post.
    pub post: String,
    /// Delegation paper; empty = own post.
    pub delegation: String,
    /// Posts to switch to.
    pub posts: Vec<PostOption>,
}

/// The frame of a page.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Words.
    pub texts: Arc<Texts>,
    /// Language of the page.
    pub lang: Language,
    /// Path and query of the page, for the language switch and for coming back.
    pub path: String,
    /// Which entry of the rail is current.
    pub current: &'static str,
    /// Token every form carries.
    pub csrf: String,
    /// Who is signed in; `None` on the sign-in page.
    pub identity: Option<Identity>,
    /// Name of the jurisdiction.
    pub jurisdiction: String,
    /// Some rule comes from a draft (预演).
    pub preview: bool,
    /// Training installation.
    pub training: bool,
    /// Today, official.
    pub today: CivilDate,
    /// Time of day, official.
    pub time: String,
    /// The way here.
    pub crumbs: Vec<Crumb>,
    /// Seconds after which the page asks anew; 0 = never.
    pub refresh_seconds: u32,
}

impl Frame {
    /// The words of a key.
    pub fn t(&self, key: &str) -> String {
        self.texts.t(self.lang, key)
    }

    /// The words of a key with arguments.
    pub fn tr<N: AsRef<str>, V: ToString>(&self, key: &str, arguments: &[(N, V)]) -> String {
        self.texts.tr(self.lang, key, arguments)
    }

    /// The title in the language of the page.
    pub fn pick<'a>(&self, zh: &'a str, en: &'a str) -> &'a str {
        self.lang.pick(zh, en)
    }

    /// Address of an asset.
    pub fn asset(&self, name: &str) -> String {
        assets::href(name)
    }

    /// The value of `lang`.
    pub fn tag(&self) -> &'static str {
        self.lang.tag()
    }

    /// Words for a limit such as `5 working_day`.
    pub fn limit(&self, limit: impl ToString) -> String {
        self.texts.limit(self.lang, &limit.to_string())
    }

    /// Weekday of a date.
    pub fn weekday(&self, date: &CivilDate) -> String {
        self.t(&format!("weekday-{}", date.weekday()))
    }

    /// Words for remaining working days: how many are left, or by how many it is late.
    pub fn remaining(&self, days: Option<i64>) -> String {
        match days {
            None => self.t("due-none"),
            Some(days) if days < 0 => self.tr("due-overdue", &[("n", -days)]),
            Some(0) => self.t("due-today"),
            Some(days) => self.tr("due-remaining", &[("n", days)]),
        }
    }

    /// Tomorrow: what the clock of a training installation is most often wound to.
    pub fn tomorrow(&self) -> CivilDate {
        self.today.plus_days(1)
    }

    /// Adds a step of the way.
    #[must_use]
    pub fn crumb(mut self, href: &str, label: &str) -> Self {
        self.crumbs.push(Crumb {
            href: href.to_owned(),
            label: label.to_owned(),
        });
        self
    }

    /// Marks the entry of the rail.
    #[must_use]
    pub fn at(mut self, current: &'static str) -> Self {
        self.current = current;
        self
    }

    /// The rail: address, words, current.
    pub fn rail(&self) -> Vec<(&'static str, String, bool)> {
        RAIL.iter()
            .map(|(href, key)| (*href, self.t(key), *key == self.current))
            .collect()
    }

    /// The other language: code and its own name.
    pub fn other_language(&self) -> (&'static str, String) {
        match self.lang {
            Language::Zh => (Language::En.code(), self.t("language-en")),
            Language::En => (Language::Zh.code(), self.t("language-zh")),
        }
    }
}

/// Who is signed in, in the words of the profile.
pub fn identity(lang: Language, profile: &Profile, who: &Who) -> Identity {
    let role = |id: &str| role_title(lang, profile, id);
    let post = |id: &str| post_title(lang, profile, id);
    let posts = who.posts.iter().map(|choice| {
        let m = &choice.membership;
        let paper = choice.delegation.clone().unwrap_or_default();
        let mark = if paper.is_empty() {
            String::new()
        } else {
            format!(" ({paper})")
        };
        PostOption {
            value: format!("{}|{}|{}|{paper}", m.body, m.role, m.post),
            label: format!("{} · {} · {}{mark}", choice.body, role(&m.role), post(&m.post)),
            present: choice.present,
        }
    });
    Identity {
        login: who.login.clone(),
        body: who.body.clone(),
        role: role(&who.role),
        post: post(&who.post),
        delegation: who.delegation.clone().unwrap_or_default(),
        posts: posts.collect(),
    }
}

/// Title of a role, or its id while the profile does not know it.
pub fn role_title(lang: Language, profile: &Profile, id: &str) -> String {
    profile.role(id).map_or_else(
        || id.to_owned(),
        |role| lang.pick(&role.title, &role.title_en).to_owned(),
    )
}

/// Title of a post, or its id while the profile does not know it.
pub fn post_title(lang: Language, profile: &Profile, id: &str) -> String {
    let post = profile.posts.iter().find(|post| post.id == id);
    post.map_or_else(
        || id.to_owned(),
        |post| lang.pick(&post.title, &post.title_en).to_owned(),
    )
}
