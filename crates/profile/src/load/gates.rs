//! `gates.toml` and `disclosure.toml`: who and what may enter, what may leave, and what is told about it.

use super::{Reader, convert::Site};
use crate::{
    dp::{DpLock, DpNumbers},
    place::Place,
    raw::{
        RawCitations, RawDisclosure, RawDp, RawDpLock, RawEligibility, RawFigure, RawGates, RawGround,
        RawOpenTables, RawRight, RawThresholds,
    },
    right::Right,
    settings::{Citations, Eligibility, FigureRule, OpenTables, Thresholds},
};

impl Reader<'_> {
    pub(super) fn gates(&mut self) -> (Vec<Eligibility>, Vec<Right>, Option<OpenTables>) {
        let Some((file, text)) = self.find("gates.toml") else {
            return Default::default();
        };
        let Some(raw) = self.parse::<RawGates>(&file, &text) else {
            return Default::default();
        };
        let mut at = Site::single(&file, &text, &mut self.errors);
        let eligibility = raw.eligibility.iter().map(|rule| at.eligibility(rule)).collect();
        let rights = raw.right.iter().map(|rule| at.right(rule)).collect();
        let open = raw.open_tables.as_ref().map(|rule| at.open_tables(rule));
        (eligibility, rights, open)
    }

    pub(super) fn disclosure(&mut self) -> Option<(Thresholds, Citations, Vec<FigureRule>)> {
        let Some((file, text)) = self.find("disclosure.toml") else {
            self.error("disclosure.toml", 0, "file is missing".to_owned());
            return None;
        };
        let raw = self.parse::<RawDisclosure>(&file, &text)?;
        let mut at = Site::single(&file, &text, &mut self.errors);
        let mut thresholds = at.thresholds(&raw.thresholds);
        thresholds.dp = raw.dp.as_ref().map(|numbers| at.dp(numbers));
        thresholds.dp_locks = raw.dp_lock.iter().map(|rule| at.dp_lock(rule)).collect();
        Some((
            thresholds,
            at.citations(&raw.citations),
            raw.figure.iter().map(|rule| at.figure(rule)).collect(),
        ))
    }
}

impl Site<'_> {
    fn eligibility(&mut self, raw: &RawEligibility) -> Eligibility {
        let at = self.place(&raw.procedure, raw);
        Eligibility {
            use_of: raw.use_of,
            procedure: raw.procedure.get_ref().clone(),
            stages: raw.stages.clone(),
            match_field: raw.match_field.clone(),
            needed_by: raw.needed_by.clone(),
            code: raw.code.clone(),
            basis: self.basis(raw, "eligibility", &at),
            at,
        }
    }

    fn right(&mut self, raw: &RawRight) -> Right {
        let at = self.place(&raw.procedure, raw);
        Right {
            to: raw.to,
            procedure: raw.procedure.get_ref().clone(),
            party: raw.party.clone(),
            kind: raw.kind,
            basis: self.basis(raw, "right", &at),
            at,
        }
    }

    fn open_tables(&mut self, raw: &RawOpenTables) -> OpenTables {
        let at = self.place(&raw.procedure, raw);
        OpenTables {
            procedure: raw.procedure.get_ref().clone(),
            field: raw.field.clone(),
            values: raw.values.clone(),
            stages: raw.stages.clone(),
            basis: self.basis(raw, "open_tables", &at),
            at,
        }
    }

    fn figure(&mut self, raw: &RawFigure) -> FigureRule {
        let at = self.place(&raw.name, raw);
        FigureRule {
            name: raw.name.get_ref().clone(),
            procedure: raw.procedure.clone(),
            stages: raw.stages.clone(),
            sum: raw.sum.clone(),
            show: raw.show.clone(),
            basis: self.basis(raw, "figure", &at),
            at,
        }
    }

    fn thresholds(&mut self, raw: &RawThresholds) -> Thresholds {
        let at = Place::whole(self.own.file);
        Thresholds {
            k: raw.k,
            k_jitter: raw.k_jitter,
            dominance_percent: raw.dominance_percent,
            max_rows: raw.max_rows,
            query_seconds: raw.query_seconds,
            query_memory_mib: raw.query_memory_mib,
            queries_at_once: raw.queries_at_once,
            log_retention: raw.log_retention,
            dp: None,
            dp_locks: Vec::new(),
            basis: self.basis(raw, "thresholds", &at),
            at,
        }
    }

    fn dp(&mut self, raw: &RawDp) -> DpNumbers {
        let at = Place::whole(self.own.file);
        DpNumbers {
            budget: raw.budget,
            query: raw.query,
            rows: raw.rows,
            cells: raw.cells,
            delta: raw.delta,
            basis: self.basis(raw, "dp", &at),
            at,
        }
    }

    fn dp_lock(&mut self, raw: &RawDpLock) -> DpLock {
        let at = self.place(&raw.procedure, raw);
        DpLock {
            procedure: raw.procedure.get_ref().clone(),
            field: raw.field.clone(),
            values: raw.values.clone(),
            columns: raw.columns.clone(),
            basis: self.basis(raw, "dp_lock", &at),
            at,
        }
    }

    fn citations(&mut self, raw: &RawCitations) -> Citations {
        let at = Place::whole(self.own.file);
        let mut ground = |raw: &RawGround, name: &str| self.basis(raw, name, &at);
        Citations {
            scope: ground(&raw.scope, "scope"),
            least_necessary: ground(&raw.least_necessary, "least_necessary"),
            approvals: ground(&raw.approvals, "approvals"),
            raw_stays: ground(&raw.raw_stays, "raw_stays"),
            join_risk: ground(&raw.join_risk, "join_risk"),
        }
    }
}
