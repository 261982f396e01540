//! Rows that a permit does not give are in no answer, whatever is asked: neither counted nor compared with.

use crate::small::{Small, free, text, units, whole};

/// Forty subjects in county a, forty in county b1 and twelve in b2. Those of a have x up to 39, the others from 100 on.
fn counties() -> Small {
    let county = |i: i64| match i {
        0..40 => "a",
        40..80 => "b1",
        _ => "b2",
    };
    Small::personal(
        1,
        units(92),
        vec![
            ("county", text((0..92).map(county)), free()),
            (
                "x",
                whole((0..92).map(|i| if i < 40 { i } else { i + 60 })),
                free(),
            ),
        ],
    )
}

fn scoped(small: &Small, rows: &str) -> Small {
    let mut scoped = small.clone();
    scoped.grants.get_mut("t").unwrap().rows = Some(rows.parse().unwrap());
    scoped
}

fn one(small: &Small, sql: &str) -> String {
    small.ask(sql).remove(0).remove(0)
}

#[test]
fn only_rows_in_scope_are_counted_in_every_form() {
    let all = counties();
    let scoped = scoped(&all, "county: b*");
    assert_eq!(one(&all, "SELECT count(*) FROM t"), "92");
    // Each beside what it would be of all rows.
    for (sql, of_scope, of_all) in [
        ("SELECT count(*) FROM t", "52", "92"),
        ("SELECT count(x) FROM t WHERE x >= 0", "52", "92"),
        (
            "SELECT count(*) FROM t WHERE county <> 'zz' OR county IS NULL",
            "52",
            "92",
        ),
        (
            "WITH w AS (SELECT county FROM t) SELECT sum(n) FROM (SELECT county, count(*) AS n FROM w GROUP BY county) s",
            "52",
            "92",
        ),
        (
            "SELECT count(*) FROM t WHERE NOT EXISTS (SELECT 1 FROM t u WHERE u.id_no = t.id_no AND u.county = 'b2')",
            "40",
            "80",
        ),
    ] {
        assert_eq!(one(&scoped, sql), of_scope, "{sql}");
        assert_eq!(one(&all, sql), of_all, "{sql}");
    }
    assert_eq!(
        one(&scoped, "SELECT min(k) FROM (SELECT count(*) AS k FROM t) s"),
        "52"
    );
    let groups = scoped.ask("SELECT county, count(*) FROM t GROUP BY county ORDER BY county");
    let names: Vec<&str> = groups.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(names, ["b1", "b2"], "{groups:?}");
    // Outside of the scope nothing is found, and that looks like a cell of few.
    let outside = scoped.ask("SELECT county, count(*) FROM t WHERE county = 'a' GROUP BY county");
    assert!(outside.is_empty(), "{outside:?}");
}

#[test]
fn the_column_of_the_scope_need_not_be_granted_and_cannot_be_named() {
    let all = counties();
    let mut scoped = scoped(&all, "county: b1");
    let grant = scoped.grants.get_mut("t").unwrap();
    grant.columns.remove("county");
    assert_eq!(one(&scoped, "SELECT count(*) FROM t"), "40");
    assert_eq!(one(&scoped, "SELECT count(x) FROM t WHERE x < 50"), "NULL");
    assert_ne!(
        scoped.refused("SELECT county, count(*) FROM t GROUP BY county"),
        "answered"
    );
}

#[test]
fn whole_numbers_are_scoped_by_how_they_are_written() {
    let scoped = scoped(&counties(), "x: 10* 39");
    // 10, 39, and 100 to 109.
    assert_eq!(one(&scoped, "SELECT count(*) FROM t"), "12");
}
