//! Applications and permits for some rows of a table only.

use std::collections::{BTreeMap, BTreeSet};

use shuyu_domain::{
    Event, Value,
    event::{CaseEvent, PermitTable},
    value::columns_from_text,
};
use shuyu_kernel::{CaseId, CivilDate, PermitId, Use};

/// A permit for some rows.
pub fn permit() -> Event {
    Event::Case(CaseEvent::PermitIssued {
        permit: PermitId::from_bits(1),
        chain: Vec::new(),
        tables: vec![PermitTable {
            resource: CaseId::from_bits(9),
            table: "insured".to_owned(),
            columns: BTreeMap::from([("months".to_owned(), BTreeSet::from([Use::Measure]))]),
            struck: Vec::new(),
            rows: "county: 110101 5301*".parse().ok(),
        }],
        expires_on: CivilDate::new(2026, 2, 28).unwrap(),
    })
}

#[test]
fn rows_are_written_as_they_are_read() {
    let table = CaseId::from_bits(9);
    let text = format!("{table} insured | 分档\n@ county: 110101 5301*\nmonths: measure");
    let tables = columns_from_text(&text).unwrap();
    let rows = tables[0].rows.as_ref().unwrap();
    assert!(rows.holds("530102") && !rows.holds("110102"));
    assert_eq!(Value::Columns(tables).text(), text);
}

#[test]
fn rows_that_cannot_be_told_are_no_answer_and_never_all_rows() {
    let table = CaseId::from_bits(9);
    for rows in ["@ county:", "@ : 1", "@ county", "@ county: *", "@ a: 1\n@ b: 2"] {
        let text = format!("{table} insured | 分档\n{rows}\nmonths: measure");
        assert_eq!(columns_from_text(&text), None, "{rows}");
    }
    assert_eq!(columns_from_text("@ county: 1"), None, "of no table");
}
