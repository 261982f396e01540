//! What must hold before a version of a dataset leaves the governed zone (治理域) for the workbench (开发域): a closed
//! list of rules, of which `settings.toml` says which are asked.

use std::collections::BTreeSet;

use shuyu_kernel::Basis;

use crate::{place::Place, settings::Setting};

/// Setting with the rules that are asked.
pub const SETTING: &str = "promotion_rules";

/// A rule of promotion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PromotionRule {
    /// The version was examined for sensitive fields.
    Examined,
    /// No column of a table without subjects holds numbers that name persons.
    Subjects,
    /// The catalogue entry has a grade, where its procedure asks for one, and not the lowest one where the examination
    /// asks whether the data is important (就高从严).
    Graded,
}

impl PromotionRule {
    /// All, in the order they are shown.
    pub const ALL: [Self; 3] = [Self::Examined, Self::Subjects, Self::Graded];

    /// The word in settings, facts, messages and the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Examined => "examined",
            Self::Subjects => "subjects",
            Self::Graded => "graded",
        }
    }
}

/// The rules that a profile asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promotion {
    /// The rules; none for profiles whose base does not name them.
    pub rules: BTreeSet<PromotionRule>,
    /// Basis.
    pub basis: Basis,
}

impl Promotion {
    /// The rules of a profile, and what is wrong with its answer.
    pub(crate) fn of(settings: &[Setting]) -> (Self, Vec<(Place, String)>) {
        let none = Self {
            rules: BTreeSet::new(),
            basis: Basis::PlatformDefault(String::new()),
        };
        let Some(setting) = settings.iter().find(|setting| setting.id == SETTING) else {
            return (none, Vec::new());
        };
        let list = setting
            .value
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        let words = list.unwrap_or(&setting.value).split(',');
        let words = words
            .map(|word| word.trim().trim_matches('"'))
            .filter(|word| !word.is_empty());
        let rules: Option<BTreeSet<PromotionRule>> = words
            .map(|word| PromotionRule::ALL.into_iter().find(|rule| rule.word() == word))
            .collect();
        match rules.filter(|_| list.is_some()) {
            Some(rules) => {
                let basis = setting.basis.clone();
                (Self { rules, basis }, Vec::new())
            }
            None => {
                let message = format!("setting `{SETTING}`: a list of examined, subjects, graded");
                (none, vec![(setting.at.clone(), message)])
            }
        }
    }
}
