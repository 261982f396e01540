//! In which zone the latest version of a dataset stands, and which rule of promotion it lacks.

use shuyu_app::promotion::Zone;
use shuyu_profile::Profile;

use crate::page::{Frame, Grounds};

/// The part of the page of a dataset.
#[derive(Default)]
pub(crate) struct ZonePart {
    /// The zone in words.
    pub zone: String,
    /// The rules with whether they hold.
    pub rules: Vec<RuleRow>,
    /// What they rest on.
    pub grounds: Grounds,
}

/// A rule.
pub(crate) struct RuleRow {
    /// What it asks.
    pub rule: String,
    /// Whether it holds, in words.
    pub said: String,
    /// What to do; empty when it holds.
    pub way_out: String,
}

impl ZonePart {
    /// For the latest version of a dataset.
    pub(crate) fn of(frame: &Frame, profile: &Profile, zone: &Zone) -> Self {
        let row = |word: &str, holds: bool| RuleRow {
            rule: frame.t(&format!("promotion-{word}")),
            said: frame.t(if holds {
                "promotion-holds"
            } else {
                "promotion-missing"
            }),
            way_out: match holds {
                true => String::new(),
                false => frame.t(&format!("promotion-{word}-way-out")),
            },
        };
        // What makes a version at all holds for every one that is there.
        let always = ["checksum", "self-check"].map(|word| row(word, true));
        let asked = zone.rules.iter().map(|(rule, holds)| row(rule.word(), *holds));
        Self {
            zone: frame.t(if zone.promoted {
                "zone-workbench"
            } else {
                "zone-governed"
            }),
            rules: always.into_iter().chain(asked).collect(),
            grounds: Grounds::of(frame, profile, &profile.promotion.basis),
        }
    }
}
