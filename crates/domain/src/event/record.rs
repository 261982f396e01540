//! Events of the registry.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use shuyu_kernel::{Actor, BodyId, CivilDate, Manner, PersonId};

use crate::{
    registry::{Body, Delegation, Finding, Handover, Holding, Membership, Representative},
    value::{Paper, Value},
};

/// Who did something outside cases, when, and in which manner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryMeta {
    /// Who did it.
    pub actor: Actor,
    /// Manner.
    pub manner: Manner,
    /// 发生日
    pub happened_on: CivilDate,
    /// 登记日
    pub recorded_on: CivilDate,
    /// The paper it was entered from, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paper: Option<Paper>,
}

/// Why the personal fields of a subject are erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErasureReason {
    /// The purpose is reached or can no longer be reached.
    PurposeEnded,
    /// The term of keeping is over.
    TermOver,
    /// The person withdrew consent.
    ConsentWithdrawn,
    /// They were taken in against the law or an agreement.
    Unlawful,
}

/// Events of the registry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistryEvent {
    /// A body joined.
    BodyRegistered {
        /// The body.
        body: Body,
        /// Who entered it; absent at founding and in older entries.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<RegistryMeta>,
    },
    /// A person joined; the name is in the person vault.
    PersonEnrolled {
        /// The person.
        person: PersonId,
        /// Commitment to the name.
        name: Value,
        /// Sign-in name, a work identifier and no personal data.
        login: String,
        /// Posts held.
        memberships: Vec<Membership>,
        /// Who entered it; absent at founding and in older entries.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<RegistryMeta>,
    },
    /// A delegation took effect.
    Delegated {
        /// The delegation.
        delegation: Delegation,
        /// Who entered it; absent in older entries.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<RegistryMeta>,
    },
    /// A delegation was taken back.
    DelegationWithdrawn {
        /// Number of its paper.
        number: String,
        /// Who took it back; its 发生日 is the first day on which nobody acts under it.
        by: RegistryMeta,
    },
    /// The personal fields of a subject were made unreadable for ever.
    SubjectErased {
        /// Whose: the subject the person vault keeps them under.
        subject: String,
        /// Why.
        reason: ErasureReason,
        /// Who decided it.
        by: RegistryMeta,
    },
    /// A holding was declared.
    HoldingEntered {
        /// The holding.
        holding: Holding,
        /// Who entered it.
        by: RegistryMeta,
    },
    /// A holding ended.
    HoldingEnded {
        /// Its number.
        number: u32,
        /// Its last day.
        on: CivilDate,
        /// Who entered it.
        by: RegistryMeta,
    },
    /// A body has a legal representative; the name is in the person vault.
    RepresentativeEntered {
        /// Who, without a name.
        representative: Representative,
        /// Who entered it.
        by: RegistryMeta,
    },
    /// A regulator found two bodies affiliated.
    AffiliationFound {
        /// The finding.
        finding: Finding,
        /// The regulator.
        by: RegistryMeta,
    },
    /// A body bears another name from a day on.
    BodyRenamed {
        /// The body.
        body: BodyId,
        /// Its new name.
        name: String,
        /// First day of the new name.
        on: CivilDate,
        /// Who entered it.
        by: RegistryMeta,
    },
    /// A body went into another.
    BodyMerged {
        /// The body that ended.
        from: BodyId,
        /// The body it went into.
        into: BodyId,
        /// From this day on.
        on: CivilDate,
        /// Roles that passed by the rules then in force.
        roles: BTreeSet<String>,
        /// Who entered it.
        by: RegistryMeta,
    },
    /// A role that did not pass by the merger passed by an agreement.
    RoleSucceeded {
        /// The body that ended.
        from: BodyId,
        /// The role.
        role: String,
        /// From this day on.
        on: CivilDate,
        /// Who entered it, from the agreement.
        by: RegistryMeta,
    },
    /// A post moved to another person of the same body.
    PostHandedOver {
        /// The handover.
        handover: Handover,
        /// Who entered it.
        by: RegistryMeta,
    },
    /// A regulator lifted a finding.
    AffiliationLifted {
        /// Its number.
        number: u32,
        /// Its last day.
        on: CivilDate,
        /// The regulator.
        by: RegistryMeta,
    },
}

impl RegistryEvent {
    /// Stable name of the kind, with the version of its form.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::BodyRegistered { .. } => "registry.body_registered.v1",
            Self::PersonEnrolled { .. } => "registry.person_enrolled.v1",
            Self::Delegated { .. } => "registry.delegated.v1",
            Self::DelegationWithdrawn { .. } => "registry.delegation_withdrawn.v1",
            Self::SubjectErased { .. } => "registry.subject_erased.v1",
            Self::HoldingEntered { .. } => "registry.holding_entered.v1",
            Self::HoldingEnded { .. } => "registry.holding_ended.v1",
            Self::RepresentativeEntered { .. } => "registry.representative_entered.v1",
            Self::AffiliationFound { .. } => "registry.affiliation_found.v1",
            Self::BodyRenamed { .. } => "registry.body_renamed.v1",
            Self::BodyMerged { .. } => "registry.body_merged.v1",
            Self::RoleSucceeded { .. } => "registry.role_succeeded.v1",
            Self::PostHandedOver { .. } => "registry.post_handed_over.v1",
            Self::AffiliationLifted { .. } => "registry.affiliation_lifted.v1",
        }
    }

    /// The same event with who entered it.
    #[must_use]
    pub fn entered_by(mut self, meta: RegistryMeta) -> Self {
        match &mut self {
            Self::BodyRegistered { by, .. }
            | Self::PersonEnrolled { by, .. }
            | Self::Delegated { by, .. } => *by = Some(meta),
            Self::DelegationWithdrawn { by, .. }
            | Self::SubjectErased { by, .. }
            | Self::HoldingEntered { by, .. }
            | Self::HoldingEnded { by, .. }
            | Self::RepresentativeEntered { by, .. }
            | Self::AffiliationFound { by, .. }
            | Self::BodyRenamed { by, .. }
            | Self::BodyMerged { by, .. }
            | Self::RoleSucceeded { by, .. }
            | Self::PostHandedOver { by, .. }
            | Self::AffiliationLifted { by, .. } => *by = meta,
        }
        self
    }
}
