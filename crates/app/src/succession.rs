//! Renames and mergers of bodies, and roles that pass later: entered from papers by those who keep the registry.

use serde::{Deserialize, Serialize};
use shuyu_domain::port::Committed;
use shuyu_kernel::{BodyId, CivilDate, Refusal};

use crate::{App, Session, Stop};

/// A rename to enter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewRename {
    /// Body.
    pub body: BodyId,
    /// New name.
    pub name: String,
    /// First day of the new name.
    pub on: CivilDate,
    /// Digest of the paper.
    pub paper: String,
}

/// A merger to enter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewMerger {
    /// The body that ends.
    pub from: BodyId,
    /// The body it goes into.
    pub into: BodyId,
    /// From this day on.
    pub on: CivilDate,
    /// Digest of the paper.
    pub paper: String,
}

/// A role that passes by an agreement that names the successor.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewSuccession {
    /// The body that ended.
    pub from: BodyId,
    /// Role id.
    pub role: String,
    /// Digest of the supplementary agreement.
    pub paper: String,
}

impl App {
    /// Enters a rename.
    ///
    /// # Errors
    /// `tie_not_yours`, `paper_unknown`, and what [`shuyu_domain::Registry::rename`] refuses.
    pub async fn rename_body(&self, session: &Session, new: NewRename, key: &str) -> Result<Committed, Stop> {
        let result = self.rename_inner(session, new, key).await;
        self.noted(session, "registry/rename", result).await
    }

    async fn rename_inner(&self, session: &Session, new: NewRename, key: &str) -> Result<Committed, Stop> {
        self.may_keep(session)?;
        let by = self.meta_with_paper(session, Some(new.paper.trim())).await?;
        let request = self.registry_request("rename-body", Some(key), &new);
        self.tie(request, move |registry| {
            registry.rename(new.body, &new.name, new.on, by)
        })
        .await
    }

    /// Enters a merger. From then on whoever acts for the successor acts in the place of the other, under the roles
    /// that pass by the rules.
    ///
    /// # Errors
    /// `tie_not_yours`, `paper_unknown`, and what [`shuyu_domain::Registry::merge`] refuses.
    pub async fn merge_bodies(
        &self,
        session: &Session,
        new: NewMerger,
        key: &str,
    ) -> Result<Committed, Stop> {
        let result = self.merge_inner(session, new, key).await;
        self.noted(session, "registry/merger", result).await
    }

    async fn merge_inner(&self, session: &Session, new: NewMerger, key: &str) -> Result<Committed, Stop> {
        self.may_keep(session)?;
        let by = self.meta_with_paper(session, Some(new.paper.trim())).await?;
        let request = self.registry_request("merge-bodies", Some(key), &new);
        let profile = self.profile();
        self.tie(request, move |registry| {
            registry.merge(&profile, (new.from, new.into), new.on, by)
        })
        .await
    }

    /// Enters that a role passed by a supplementary agreement.
    ///
    /// # Errors
    /// `tie_not_yours`, `paper_unknown`, and what [`shuyu_domain::Registry::role_succeeds`] refuses.
    pub async fn role_succeeds(
        &self,
        session: &Session,
        new: NewSuccession,
        key: &str,
    ) -> Result<Committed, Stop> {
        let result = self.role_succeeds_inner(session, new, key).await;
        self.noted(session, "registry/succession", result).await
    }

    async fn role_succeeds_inner(
        &self,
        session: &Session,
        new: NewSuccession,
        key: &str,
    ) -> Result<Committed, Stop> {
        self.may_keep(session)?;
        let by = self.meta_with_paper(session, Some(new.paper.trim())).await?;
        let request = self.registry_request("role-succeeds", Some(key), &new);
        let profile = self.profile();
        self.tie(request, move |registry| {
            registry.role_succeeds(&profile, new.from, &new.role, by)
        })
        .await
    }

    /// Those who keep the registry, and those who watch over others.
    fn may_keep(&self, session: &Session) -> Result<(), Refusal> {
        self.require_signed_in(session)?;
        if self.keeps_registry(session) || self.oversees(session) {
            return Ok(());
        }
        Err(Refusal::forbidden("tie_not_yours"))
    }
}
