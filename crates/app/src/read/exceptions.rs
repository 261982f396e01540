//! Exceptions from what holds in principle (原则上): each with reason and day, for supervision.

use shuyu_domain::port::CaseFilter;
use shuyu_kernel::{CaseId, CivilDate, ClauseId, Refusal};

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
            let guards: Vec<_> = procedure.acts.iter().flat_map(|act| &act.guards).collect();
            if guards.iter().all(|guard| guard.exception.is_none()) {
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
            for case in loaded
                .linked
                .values()
                .filter(|case| case.procedure == procedure.id)
            {
                for guard in &guards {
                    let act = guard.exception.as_ref().and_then(|act| case.last(act));
                    let Some(taken) = act else { continue };
                    let reason = case.fields.get("exception_reason");
                    granted.push(Granted {
                        case: case.id,
                        number: case.number.clone(),
                        title: case.title.clone(),
                        reason: reason.map(|reason| reason.text()).unwrap_or_default(),
                        on: taken.happened_on,
                        clauses: guard.basis.clauses().to_vec(),
                    });
                }
            }
        }
        granted.sort_by(|a, b| (b.on, &a.number).cmp(&(a.on, &b.number)));
        Ok(granted)
    }
}
