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
    /// Whether it holds, or when that is asked, in words.
    pub said: String,
    /// What to do, and who; empty when it holds.
    pub way_out: String,
}

impl ZonePart {
    /// For the latest version of a dataset.
    pub(crate) fn of(frame: &Frame, profile: &Profile, zone: &Zone) -> Self {
        let level = zone.level.map_or(0, u32::from);
        let row = |word: &str, said: &str, way_out: String| RuleRow {
            rule: frame.t(&format!("promotion-{word}")),
            said: frame.t(&format!("promotion-{said}")),
            way_out,
        };
        let rule = |word: &str, holds: bool| match holds {
            true => row(word, "holds", String::new()),
            false => {
                let way_out = frame.tr(&format!("promotion-{word}-way-out"), &[("level", level)]);
                row(word, "missing", way_out)
            }
        };
        // Without these no version is recorded; nothing asks again.
        let always = ["checksum", "self-check"].map(|word| row(word, "at-recording", String::new()));
        let asked = zone.rules.iter().map(|(asked, holds)| rule(asked.word(), *holds));
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
