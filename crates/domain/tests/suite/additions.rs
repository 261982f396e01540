//! Fields and kinds that were added after the first ones: they are read and written as their golden files say, and
//! the older files are still read (see `golden`).

use std::{collections::BTreeSet, fs, path::Path};

use shuyu_domain::{
    Event, Value,
    event::{
        Arrival, ArrivalMode, CheckFound, CheckSample, CheckTrack, Checked, ColumnChange, Correction,
        CorrectionReason, DatasetEvent, EndedRaw, EndedTerm, ErasedFile, ErasedVersion, ErasureReason,
        Examined, InstallationEvent, RegistryEvent, RegistryMeta,
    },
    registry::{Body, Delegation, Finding, Handover, Holding, Matter, Membership, Owner, Representative},
    value::Paper,
};
use shuyu_kernel::{
    Actor, BodyId, CaseId, CivilDate, DatasetId, Digest, Manner, PersonId, Timestamp, calendar::Limit,
};

fn day(n: i8) -> CivilDate {
    CivilDate::new(2026, 2, n).unwrap()
}

fn paper() -> Paper {
    Paper {
        digest: Digest::of(b"paper"),
        name: "62ce4ad1.pdf".to_owned(),
        size_bytes: 2048,
    }
}

fn ended() -> EndedTerm {
    EndedTerm {
        version: 1,
        replaced_on: day(5),
        limit: Limit::days(1),
        until: day(6),
        clauses: vec!["YN-DM-056".parse().unwrap()],
    }
}

pub fn by() -> RegistryMeta {
    RegistryMeta {
        actor: Actor {
            person: PersonId::from_bits(9),
            body: BodyId::from_bits(2),
            role: "system_administrator".to_owned(),
            post: "clerk".to_owned(),
            delegation: None,
        },
        manner: Manner::OnBehalf,
        happened_on: day(3),
        recorded_on: day(4),
        paper: Some(paper()),
    }
}

/// Kinds that came later.
pub fn new_kinds() -> Vec<Event> {
    vec![
        Event::Registry(RegistryEvent::DelegationWithdrawn {
            number: "授权书 5".to_owned(),
            by: by(),
        }),
        Event::Registry(RegistryEvent::SubjectErased {
            subject: PersonId::from_bits(5).to_string(),
            reason: ErasureReason::PurposeEnded,
            by: by(),
        }),
        Event::Dataset(DatasetEvent::ErasureOrdered {
            dataset: DatasetId::from_bits(11),
            resource: CaseId::from_bits(9),
            erasure: "0f1e2d3c".to_owned(),
            domain: "person".to_owned(),
            subject: Digest::of(b"subject"),
            datasets: vec![DatasetId::from_bits(11), DatasetId::from_bits(12)],
            reason: ErasureReason::ConsentWithdrawn,
            by: by(),
        }),
        Event::Dataset(DatasetEvent::SubjectErased {
            dataset: DatasetId::from_bits(11),
            resource: CaseId::from_bits(9),
            erasure: "0f1e2d3c".to_owned(),
            subject: Digest::of(b"subject"),
            versions: vec![ErasedVersion { version: 2, rows: 1 }],
            files: vec![ErasedFile {
                before: Digest::of(b"before"),
                after: Digest::of(b"after"),
                rows: 1,
            }],
            raw: vec![Digest::of(b"raw")],
            files_searched: 3,
            rows_searched: 15_690,
        }),
        Event::Dataset(DatasetEvent::VersionExamined {
            dataset: DatasetId::from_bits(11),
            resource: CaseId::from_bits(9),
            version: 2,
            examined: Examined {
                level: 4,
                maybe_important: true,
                naming: vec!["phone".to_owned()],
            },
        }),
        Event::Dataset(DatasetEvent::CheckOrdered {
            dataset: DatasetId::from_bits(11),
            resource: CaseId::from_bits(9),
            version: 2,
            check: "0f1e2d3c".to_owned(),
            track: CheckTrack::SpotCheck,
            rules: Digest::of(b"rules"),
            rows: 15_690,
            sample: Some(CheckSample {
                seed: Digest::of(b"seed"),
                size: 300,
            }),
            by: by().actor,
        }),
        Event::Dataset(DatasetEvent::VersionChecked {
            dataset: DatasetId::from_bits(11),
            resource: CaseId::from_bits(9),
            version: 2,
            check: "0f1e2d3c".to_owned(),
            checked: Checked {
                rows: 300,
                bad_rows: 3,
                found: vec![CheckFound {
                    column: "phone".to_owned(),
                    rule: "length".to_owned(),
                    dimension: "accuracy".to_owned(),
                    checked: 299,
                    bad: 3,
                    at_most: 100,
                }],
                scores: [("accuracy".to_owned(), 9_899)].into(),
                bad_at_most: Some(257),
            },
        }),
        Event::Dataset(DatasetEvent::RetentionEnded {
            dataset: DatasetId::from_bits(11),
            resource: CaseId::from_bits(9),
            purge: "0f1e2d3c".to_owned(),
            on: day(7),
            versions: vec![ended()],
            raw: vec![EndedRaw {
                raw: Digest::of(b"raw"),
                term: ended(),
            }],
        }),
        Event::Dataset(DatasetEvent::VersionsPurged {
            dataset: DatasetId::from_bits(11),
            resource: CaseId::from_bits(9),
            purge: "0f1e2d3c".to_owned(),
            versions: vec![1],
            files: vec![Digest::of(b"file")],
            raw: vec![Digest::of(b"raw")],
        }),
    ]
    .into_iter()
    .chain(ties().into_iter().map(Event::Registry))
    .collect()
}

fn ties() -> Vec<RegistryEvent> {
    vec![
        RegistryEvent::HoldingEntered {
            holding: Holding {
                number: 1,
                owner: Owner::Outside {
                    credit_code: "91530000000000000X".to_owned(),
                    name: "某集团".to_owned(),
                },
                of: Owner::Body(BodyId::from_bits(3)),
                share_bp: 5_100,
                control: true,
                state: true,
                from: day(1),
                until: Some(day(28)),
                paper: Some(paper()),
            },
            by: by(),
        },
        RegistryEvent::HoldingEnded {
            number: 1,
            on: day(9),
            by: by(),
        },
        RegistryEvent::RepresentativeEntered {
            representative: Representative {
                body: BodyId::from_bits(3),
                name: Value::Sealed {
                    commitment: Digest::of(b"name"),
                    vault: "body_3/legal_representative/name".to_owned(),
                },
                token: Digest::of(b"token"),
                from: day(1),
            },
            by: by(),
        },
        RegistryEvent::AffiliationFound {
            finding: Finding {
                number: 1,
                a: BodyId::from_bits(3),
                b: BodyId::from_bits(4),
                from: day(3),
                until: None,
            },
            by: by(),
        },
        RegistryEvent::AffiliationLifted {
            number: 1,
            on: day(20),
            by: by(),
        },
        RegistryEvent::BodyRenamed {
            body: BodyId::from_bits(3),
            name: "州大数据局".to_owned(),
            on: day(3),
            by: by(),
        },
        RegistryEvent::BodyMerged {
            from: BodyId::from_bits(3),
            into: BodyId::from_bits(4),
            on: day(3),
            roles: BTreeSet::from(["provider".to_owned()]),
            by: by(),
        },
        RegistryEvent::RoleSucceeded {
            from: BodyId::from_bits(3),
            role: "developer".to_owned(),
            on: day(3),
            by: by(),
        },
        RegistryEvent::PostHandedOver {
            handover: Handover {
                from: PersonId::from_bits(5),
                to: PersonId::from_bits(6),
                membership: Membership {
                    body: BodyId::from_bits(3),
                    role: "provider".to_owned(),
                    post: "leader".to_owned(),
                },
                on: day(4),
                open_matters: vec![Matter {
                    case: CaseId::from_bits(9),
                    number: "滇数用〔2026〕1号".to_owned(),
                    kind: "step".to_owned(),
                    act: "provider_approve".to_owned(),
                }],
            },
            by: by(),
        },
    ]
}

/// Kinds that got fields.
fn grown() -> Vec<Event> {
    let membership = Membership {
        body: BodyId::from_bits(3),
        role: "provider".to_owned(),
        post: "leader".to_owned(),
    };
    vec![
        Event::Registry(RegistryEvent::BodyRegistered {
            body: Body {
                id: BodyId::from_bits(3),
                name: "州人社局".to_owned(),
                credit_code: String::new(),
                roles: BTreeSet::from(["provider".to_owned()]),
            },
            by: Some(by()),
        }),
        Event::Registry(RegistryEvent::PersonEnrolled {
            person: PersonId::from_bits(5),
            name: Value::Sealed {
                commitment: Digest::of(b"name"),
                vault: "person_5/name".to_owned(),
            },
            login: "clerk5".to_owned(),
            memberships: vec![membership.clone()],
            by: Some(by()),
        }),
        Event::Registry(RegistryEvent::Delegated {
            delegation: Delegation {
                number: "授权书 5".to_owned(),
                from: PersonId::from_bits(6),
                to: PersonId::from_bits(7),
                membership,
                starts_on: day(1),
                ends_on: day(10),
                paper: Some(paper()),
                withdrawn_on: None,
            },
            by: Some(by()),
        }),
        Event::Installation(InstallationEvent::ClockWound {
            to: Timestamp::from_micros(1_770_000_000_000_000),
            by: Some(by()),
        }),
        arrived(),
        crate::rows::permit(),
    ]
    .into_iter()
    .chain(crate::leaving::grown())
    .collect()
}

/// A version that corrects another, upserted by key, with a change of columns of each kind.
fn arrived() -> Event {
    let change = |change: &str, column: &str, from: &str, to: &str| ColumnChange {
        change: change.to_owned(),
        column: column.to_owned(),
        from: from.to_owned(),
        to: to.to_owned(),
    };
    Event::Dataset(DatasetEvent::VersionRecorded {
        dataset: DatasetId::from_bits(11),
        table: "insured".to_owned(),
        resource: CaseId::from_bits(9),
        version: 3,
        rows: 15_700,
        files: vec![Digest::of(b"file")],
        raw: vec![Digest::of(b"raw")],
        report: Digest::of(b"report"),
        domain: Some("person".to_owned()),
        rows_per_unit: 1,
        columns: vec!["unit".to_owned(), "months".to_owned()],
        unit_columns: vec!["unit".to_owned()],
        correction: Some(Correction {
            reason: CorrectionReason::ProviderFound,
            corrects: 2,
            case: Some(CaseId::from_bits(4)),
        }),
        arrival: Some(Arrival {
            mode: ArrivalMode::Upsert,
            key: vec!["unit".to_owned()],
            changes: vec![
                change("added", "note", "", "text"),
                change("widened", "fee", "integer", "decimal_2"),
                change("dropped", "old", "", ""),
                change("renamed", "months", "months", "paid_months"),
                change("retyped", "day", "text", "date"),
            ],
        }),
        by: by().actor,
    })
}

#[test]
fn grown_events_read_and_write_as_they_were_first_written() {
    for sample in grown() {
        let kind = sample.kind();
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/golden_additions")
            .join(format!("{kind}.json"));
        let text = fs::read_to_string(path).expect(kind);
        let read: Event = serde_json::from_str(&text).expect(kind);
        assert_eq!(read, sample, "{kind} is read differently");
        let written = serde_json::to_string_pretty(&read).expect(kind);
        assert_eq!(format!("{written}\n"), text, "{kind} is written differently");
    }
}
