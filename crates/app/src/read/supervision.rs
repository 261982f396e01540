//! Supervision (督办): open duties by body.

use shuyu_domain::port::Duty;
use shuyu_kernel::Refusal;

use super::desk::{Urgency, remaining_days};
use crate::{App, Session, Stop};

/// Open duties of a body under a role.
#[derive(Debug, Clone, PartialEq)]
pub struct BodyDuties {
    /// Name of the body.
    pub body: String,
    /// Role id.
    pub role: String,
    /// Duties with how pressing they are, earliest due first.
    pub duties: Vec<(Duty, Urgency, Option<i64>)>,
}

impl BodyDuties {
    /// How many are as pressing as this.
    pub fn count(&self, urgency: Urgency) -> usize {
        self.duties.iter().filter(|(_, each, _)| *each == urgency).count()
    }

    /// How many are overdue.
    pub fn overdue(&self) -> usize {
        self.count(Urgency::Severe) + self.count(Urgency::Overdue)
    }
}

impl App {
    /// Open duties of every body, those with most overdue first.
    ///
    /// # Errors
    /// `supervision_not_for_role` under a role that does not watch over others.
    pub async fn supervision(&self, session: &Session) -> Result<Vec<BodyDuties>, Stop> {
        let result = self.supervision_inner(session).await;
        self.looked(session, "view", "supervision", result).await
    }

    async fn supervision_inner(&self, session: &Session) -> Result<Vec<BodyDuties>, Stop> {
        self.require_signed_in(session)?;
        if !self.oversees(session) {
            return Err(Refusal::forbidden("supervision_not_for_role").into());
        }
        let registry = self.registry().await?;
        let (profile, today) = (self.profile(), self.today());
        let mut all = Vec::new();
        for body in registry.bodies.values() {
            for role in &body.roles {
                let duties = self.record.duties(body.id, role).await?;
                if duties.is_empty() {
                    continue;
                }
                let duties = duties
                    .into_iter()
                    .map(|duty| {
                        let remaining = duty.due.map(|due| remaining_days(&profile, today, due));
                        (duty, Urgency::of(remaining), remaining)
                    })
                    .collect();
                all.push(BodyDuties {
                    body: body.name.clone(),
                    role: role.clone(),
                    duties,
                });
            }
        }
        all.sort_by(|a, b| (b.overdue(), &a.body).cmp(&(a.overdue(), &b.body)));
        Ok(all)
    }
}
