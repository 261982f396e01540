//! Samples of the written form of events: consequences of acts, the registry, data.

use std::collections::{BTreeMap, BTreeSet};

use shuyu_domain::{
    Event, Value,
    event::{
        AnsweredQuery, CaseEvent, Charge, DatasetEvent, IdentityEvent, InstallationEvent, PermitTable,
        RegistryEvent, ReleaseEvent,
    },
    registry::{Body, Delegation, Membership},
};
use shuyu_kernel::{
    BodyId, CaseId, DatasetId, Digest, PermitId, PersonId, ReleaseId, Timestamp, Use, calendar::Limit,
};

use crate::golden::*;

pub(crate) fn of_consequences() -> Vec<CaseEvent> {
    let lane = || "provider:x".to_owned();
    vec![
        CaseEvent::ClockStarted(clock()),
        CaseEvent::ClockStopped {
            clock: "review".to_owned(),
            lane: Some(lane()),
            on: day(14),
            in_time: true,
        },
        CaseEvent::ClockPaused {
            clock: "review".to_owned(),
            lane: None,
            on: day(13),
        },
        CaseEvent::ClockChanged {
            clock: "review".to_owned(),
            lane: None,
            on: day(14),
            limit: Some(Limit::working_days(10)),
            due: clock().due,
            provisional: false,
            calendar: clock().calendar,
            derivation: clock().derivation,
        },
        CaseEvent::LaneOpened {
            lane: lane(),
            rule: "provider".to_owned(),
            role: "provider".to_owned(),
            body: BodyId::from_bits(3),
        },
        CaseEvent::LaneReturned { lane: lane() },
        CaseEvent::LaneReopened { lane: lane() },
        CaseEvent::LaneDecided {
            lane: lane(),
            approved: true,
            struck: vec!["insured.wage".to_owned()],
        },
        CaseEvent::ObjectionRaised { number: 1 },
        CaseEvent::ObjectionAnswered {
            number: 1,
            upheld: false,
        },
        CaseEvent::PermitIssued {
            permit: PermitId::from_bits(1),
            chain: vec![CaseId::from_bits(1), CaseId::from_bits(2)],
            tables: vec![PermitTable {
                resource: CaseId::from_bits(9),
                table: "insured".to_owned(),
                columns: BTreeMap::from([("months".to_owned(), BTreeSet::from([Use::Measure]))]),
                struck: vec!["wage".to_owned()],
                rows: None,
            }],
            expires_on: day(28),
        },
        CaseEvent::PermitEnded {
            permit: PermitId::from_bits(1),
        },
        CaseEvent::ProductDelivered {
            number: 1,
            agreement: CaseId::from_bits(6),
            customer: BodyId::from_bits(4),
        },
        CaseEvent::AccessClosed { on: day(15) },
        CaseEvent::Moved {
            from: Digest::of(b"profile"),
            to: Digest::of(b"changed profile"),
            on: day(15),
            reason: "新办法施行，双方同意按新期限办".to_owned(),
            by: actor(),
            paper: Some(paper()),
        },
        CaseEvent::KeyIssued {
            key: "pk_5f0c11d29a77b3e4".to_owned(),
            delivery: 1,
            by: actor(),
            on: day(16),
        },
        CaseEvent::KeyRevoked {
            key: "pk_5f0c11d29a77b3e4".to_owned(),
            by: actor(),
            on: day(17),
        },
        CaseEvent::Identity(IdentityEvent::IndexCompiled {
            index: Digest::of(b"index"),
            dataset: DatasetId::from_bits(5),
            version: 2,
            columns: vec!["id_no".to_owned(), "name".to_owned()],
            domain: "person".to_owned(),
            pairs: 812,
            by: actor(),
            on: day(18),
        }),
        CaseEvent::Identity(IdentityEvent::ConsentRecorded {
            consent: Digest::of(b"consent"),
            customer: BodyId::from_bits(4),
            purpose: "贷款申请".to_owned(),
            until: day(28),
            paper: Some(paper()),
            by: actor(),
            on: day(19),
        }),
        CaseEvent::Identity(IdentityEvent::SubjectUnlocked {
            paper: Some(paper()),
            by: actor(),
            on: day(20),
        }),
    ]
}

pub(crate) fn of_registry() -> Vec<RegistryEvent> {
    let membership = || Membership {
        body: BodyId::from_bits(3),
        role: "provider".to_owned(),
        post: "leader".to_owned(),
    };
    vec![
        RegistryEvent::BodyRegistered {
            body: Body {
                id: BodyId::from_bits(3),
                name: "州人社局".to_owned(),
                credit_code: "11530000000000000X".to_owned(),
                roles: BTreeSet::from(["provider".to_owned()]),
            },
            by: None,
        },
        RegistryEvent::PersonEnrolled {
            person: PersonId::from_bits(5),
            name: Value::Sealed {
                commitment: digest("name"),
                vault: "person_5/name".to_owned(),
            },
            login: "clerk5".to_owned(),
            memberships: vec![membership()],
            by: None,
        },
        RegistryEvent::Delegated {
            delegation: Delegation {
                number: "授权书 5".to_owned(),
                from: PersonId::from_bits(6),
                to: PersonId::from_bits(7),
                membership: membership(),
                starts_on: day(1),
                ends_on: day(10),
                paper: None,
                withdrawn_on: None,
            },
            by: None,
        },
    ]
}

pub(crate) fn of_data() -> Vec<Event> {
    vec![
        Event::Dataset(DatasetEvent::VersionRecorded {
            dataset: DatasetId::from_bits(11),
            table: "insured".to_owned(),
            resource: CaseId::from_bits(9),
            version: 2,
            rows: 15_691,
            files: vec![digest("file")],
            raw: vec![digest("raw")],
            report: digest("report"),
            domain: Some("person".to_owned()),
            rows_per_unit: 1,
            columns: vec!["unit".to_owned(), "months".to_owned()],
            unit_columns: Vec::new(),
            correction: None,
            arrival: None,
            by: actor(),
        }),
        Event::Release(ReleaseEvent::Answered(AnsweredQuery {
            release: ReleaseId::from_bits(12),
            permit: PermitId::from_bits(1),
            case: CaseId::from_bits(1),
            by: actor(),
            query: digest("query"),
            read: vec![(DatasetId::from_bits(11), 2)],
            rows: 5,
            result: digest("result"),
        })),
        Event::Release(ReleaseEvent::Held(AnsweredQuery {
            release: ReleaseId::from_bits(13),
            permit: PermitId::from_bits(1),
            case: CaseId::from_bits(1),
            by: actor(),
            query: digest("query"),
            read: vec![(DatasetId::from_bits(11), 2)],
            rows: 5,
            result: digest("result"),
        })),
        Event::Release(ReleaseEvent::Charged {
            release: ReleaseId::from_bits(12),
            permit: PermitId::from_bits(1),
            case: CaseId::from_bits(1),
            by: actor(),
            charges: vec![Charge {
                dataset: DatasetId::from_bits(11),
                rho: 2_500,
                budget: 250_000,
            }],
            answered: true,
        }),
        Event::Installation(InstallationEvent::Founded {
            profile: digest("profile"),
            profile_id: "yunnan".to_owned(),
            kind: "training".to_owned(),
            at: Timestamp::from_micros(1_760_000_000_000_000),
        }),
        Event::Installation(InstallationEvent::ClockWound {
            to: Timestamp::from_micros(1_770_000_000_000_000),
            by: None,
        }),
    ]
}
