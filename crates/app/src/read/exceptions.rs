//! Exceptions from what holds in principle (原则上): each with reason and day, for supervision.

use std::collections::BTreeMap;

use shuyu_domain::{Case, port::CaseFilter};
use shuyu_kernel::{CaseId, CivilDate, ClauseId, Refusal};
use shuyu_profile::Procedure;

use crate::{App, Session, Stop};

/// Most cases of one procedure that are looked through, newest first.
const LOOKED_THROUGH: u64 = 2_000;

/// An exception that was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// Case.
    pub case: CaseId,
    /// 案号
    pub number: String,
    /// Title.
    pub title: String,
    /// Why, as recorded.
    pub reason: String,
    /// Day it was granted.
    pub on: CivilDate,
    /// The clauses of the rules it is an exception from.
    pub clauses: Vec<ClauseId>,
}

impl App {
    /// Exceptions granted, newest first. The reading of “in principle” asks that supervision sees each of them.
    ///
    /// # Errors
    /// `supervision_not_for_role` under a role that does not watch over others.
    pub async fn exceptions(&self, session: &Session) -> Result<Vec<Granted>, Stop> {
        let result = self.exceptions_inner(session).await;
        self.looked(session, "view", "exceptions", result).await
    }

    async fn exceptions_inner(&self, session: &Session) -> Result<Vec<Granted>, Stop> {
        self.require_signed_in(session)?;
        if !self.oversees(session) {
            return Err(Refusal::forbidden("supervision_not_for_role").into());
        }
        let profile = self.profile();
        let mut granted = Vec::new();
        for procedure in &profile.procedures {
            let rules = excepted(procedure);
            if rules.is_empty() {
                continue;
            }
            let filter = CaseFilter {
                procedures: vec![procedure.id.clone()],
                limit: LOOKED_THROUGH,
                ..CaseFilter::default()
            };
            let (rows, _) = self.record.cases(&filter).await?;
            let ids = rows.iter().map(|row| row.id).collect();
            let loaded = self.record.load(&ids).await?;
            let own = loaded.linked.values();
            for case in own.filter(|case| case.procedure == procedure.id) {
                granted.extend(of_case(case, &rules));
            }
        }
        granted.sort_by(|a, b| (b.on, &a.number).cmp(&(a.on, &b.number)));
        Ok(granted)
    }
}

/// The acts of a procedure that grant an exception, with the clauses of all rules each is an exception from.
pub(crate) fn excepted(procedure: &Procedure) -> BTreeMap<&str, Vec<ClauseId>> {
    let mut rules: BTreeMap<&str, Vec<ClauseId>> = BTreeMap::new();
    for guard in procedure.acts.iter().flat_map(|act| &act.guards) {
        if let Some(act) = &guard.exception {
            rules
                .entry(act)
                .or_default()
                .extend(guard.basis.clauses().iter().cloned());
        }
    }
    for clauses in rules.values_mut() {
        clauses.sort();
        clauses.dedup();
    }
    rules
}

/// What was granted in a case, one for each act that did.
fn of_case<'a>(
    case: &'a Case,
    rules: &'a BTreeMap<&str, Vec<ClauseId>>,
) -> impl Iterator<Item = Granted> + 'a {
    rules.iter().filter_map(|(act, clauses)| {
        let reason = case.fields.get("exception_reason");
        Some(Granted {
            case: case.id,
            number: case.number.clone(),
            title: case.title.clone(),
            reason: reason.map(|reason| reason.text()).unwrap_or_default(),
            on: case.last(act)?.happened_on,
            clauses: clauses.clone(),
        })
    })
}
