//! Permits as data.

use std::collections::BTreeMap;

use shuyu_kernel::{CivilDate, Id};
use shuyu_privacy::{
    Citations, ColumnGrant, DateGrain, Grain, Permit, PermitKind, PermitMode, TableGrant, TableKind,
    Thresholds, Use, permit::QueryLimits,
};

fn permit() -> Permit {
    let birth = ColumnGrant {
        uses: [Use::Group, Use::Filter].into(),
        grain: Some(Grain::Date(DateGrain::Year)),
        ..ColumnGrant::default()
    };
    let person = TableGrant {
        dataset: Id::from_bits(2),
        version: 7,
        kind: TableKind::Personal {
            domain: "person".into(),
            rows_per_unit: 1,
        },
        provider: None,
        columns: BTreeMap::from([("birth".to_owned(), birth)]),
        struck: vec!["wage".into()],
        rows: None,
    };
    Permit {
        id: Id::from_bits(1),
        kind: PermitKind::A,
        mode: PermitMode::Stat,
        people: vec![Id::from_bits(5)],
        purpose: "普惠信贷".into(),
        expires_on: CivilDate::new(2027, 2, 3).unwrap(),
        thresholds: Thresholds::default(),
        tables: BTreeMap::from([("person".to_owned(), person)]),
        max_rows: 5_000,
        max_bytes: 1 << 24,
        limits: QueryLimits::default(),
        join_risk_assessed: false,
        fusion: false,
        citations: Citations {
            scope: vec!["TT-AA-001".parse().unwrap()],
            ..Citations::default()
        },
    }
}

#[test]
fn a_permit_survives_json() {
    let text = serde_json::to_string(&permit()).unwrap();
    assert_eq!(serde_json::from_str::<Permit>(&text).unwrap(), permit());
    assert!(text.contains(r#""kind":"personal""#) && text.contains(r#""platform_default""#));
    assert!(serde_json::from_str::<Permit>(&text.replace("\"group\"", "\"everything\"")).is_err());
}

#[test]
fn defaults_of_the_platform_are_marked() {
    let thresholds = Thresholds::default();
    assert!(thresholds.k.is_platform_default());
    assert_eq!((thresholds.k.value, thresholds.k_jitter.value), (10, 2));
}

#[test]
fn it_covers_named_people_until_the_last_day() {
    let day = |d| CivilDate::new(2027, 2, d).unwrap();
    assert_eq!(permit().covers(Id::from_bits(5), day(3)), Ok(()));
    let late = permit().covers(Id::from_bits(5), day(4)).unwrap_err();
    assert_eq!(late.code, "permit_expired");
    let other = permit().covers(Id::from_bits(6), day(3)).unwrap_err();
    assert_eq!(
        (other.code.as_str(), other.clauses.len()),
        ("permit_person_not_named", 1)
    );
}
