//! `disclosure.toml`: the numbers of the gate, and what its refusals rest on.

use super::{Reader, convert::Site};
use crate::{
    raw::{RawCitations, RawDisclosure, RawGround, RawThresholds},
    settings::{Citations, Thresholds},
};

impl Reader<'_> {
    pub(super) fn disclosure(&mut self) -> Option<(Thresholds, Citations)> {
        let Some((file, text)) = self.find("disclosure.toml") else {
            self.error("disclosure.toml", 0, "file is missing".to_owned());
            return None;
        };
        let raw = self.parse::<RawDisclosure>(&file, &text)?;
        let mut at = Site {
            file: &file,
            text: &text,
            errors: &mut self.errors,
        };
        Some((at.thresholds(&raw.thresholds), at.citations(&raw.citations)))
    }
}

impl Site<'_> {
    fn thresholds(&mut self, raw: &RawThresholds) -> Thresholds {
        Thresholds {
            k: raw.k,
            k_jitter: raw.k_jitter,
            dominance_percent: raw.dominance_percent,
            max_rows: raw.max_rows,
            log_retention: raw.log_retention,
            basis: self.basis(raw, "thresholds", 0),
        }
    }

    fn citations(&mut self, raw: &RawCitations) -> Citations {
        let mut ground = |raw: &RawGround, name: &str| self.basis(raw, name, 0);
        Citations {
            scope: ground(&raw.scope, "scope"),
            least_necessary: ground(&raw.least_necessary, "least_necessary"),
            approvals: ground(&raw.approvals, "approvals"),
            raw_stays: ground(&raw.raw_stays, "raw_stays"),
            join_risk: ground(&raw.join_risk, "join_risk"),
        }
    }
}
