//! A group and a class tied together in other ways than by AND: what is true of all of a group is not told.

use shuyu_privacy::{ColumnGrant, Use};

use crate::{
    scored::{all_pass, however_put},
    small::{Small, text, units, uses},
};

const CASES: &str = include_str!("sql-policy/classes.jsonl");

#[test]
fn a_class_of_a_group_is_withheld_however_both_are_tied() {
    all_pass(CASES, 45, 5);
}

#[test]
fn also_put_differently() {
    however_put(CASES);
}

/// Everybody of group a is ill, and of the four hundred others one in ten.
#[test]
fn what_is_tied_to_a_class_does_not_make_it_usual() {
    let g = text((0..440).map(|i| if i < 40 { "a" } else { "b" }));
    let d = text((0..440).map(|i| if i < 40 || i % 10 == 0 { "ill" } else { "well" }));
    let dimension = uses(&[Use::Group, Use::Filter]);
    let sensitive = ColumnGrant {
        sensitive: true,
        ..dimension.clone()
    };
    let small = Small::personal(1, units(440), vec![("g", g, dimension), ("d", d, sensitive)]);
    for (form, of_a, of_b) in [
        ("count(*) FROM t WHERE d = 'ill' OR g <> '?'", "NULL", "80"),
        ("count(*) FROM t WHERE NOT (g = '?' AND d <> 'ill')", "NULL", "80"),
        (
            "count(*) FROM t WHERE g = '?' AND NOT EXISTS (SELECT 1 FROM t AS q WHERE q.id_no = t.id_no AND q.g = '?' AND q.d <> 'ill')",
            "NULL",
            "40",
        ),
        (
            "count(*) FILTER (WHERE g = '?') FROM t WHERE d = 'ill'",
            "NULL",
            "40",
        ),
        (
            "count(CASE WHEN g = '?' THEN 1 END) FROM t WHERE d = 'ill'",
            "NULL",
            "40",
        ),
        (
            "count(q.id_no) FROM t LEFT JOIN (SELECT id_no FROM t WHERE g = '?') q ON q.id_no = t.id_no WHERE t.d = 'ill'",
            "NULL",
            "40",
        ),
    ] {
        for (group, told) in [("a", of_a), ("b", of_b)] {
            let sql = format!("SELECT {}", form.replace('?', group));
            assert_eq!(small.ask(&sql), [[told]], "{sql}");
        }
    }
}
