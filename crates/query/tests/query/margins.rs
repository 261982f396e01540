//! Grouping sets, what margins tell of missing parts, and extremes of public columns.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use shuyu_privacy::{ColumnGrant, GateKey, Rule, Rules, TableKind};
use shuyu_query::{Engine, EngineLimits};

use crate::{
    fixture::table,
    people::{exactly, noisy, people, withheld},
    small::{Small, free, text, units, whole},
};

#[test]
fn extremes_of_public_columns_need_enough_holders() {
    // Forty in `a`, forty in `b`, four in `c`, the largest.
    let code = |i: i64| {
        if i < 40 {
            "a"
        } else if i < 80 {
            "b"
        } else {
            "c"
        }
    };
    let mut small = Small::personal(1, units(84), vec![("code", text((0..84).map(code)), free())]);
    let columns = vec![
        ("code", text(["a", "b", "c"]), ColumnGrant::default()),
        ("size", whole([10, 30, 99]), ColumnGrant::default()),
    ];
    small.add("register", TableKind::Public, columns, &[]);
    let from = "FROM t JOIN register r ON t.code = r.code";
    exactly(
        &small,
        &format!("SELECT max(r.size), min(r.size), max(r.size) - min(r.size) {from}"),
        &[30.0, 10.0, 20.0],
    );
    withheld(&small, &format!("SELECT max(r.size) {from} WHERE r.size > 50"));
    assert_eq!(
        small.refused(&format!("SELECT max(r.size) FILTER (WHERE r.size > 50) {from}")),
        "node_not_allowed"
    );
}

#[test]
fn grouping_sets_are_their_groupings() {
    let small = people();
    let rows = small.ask(
        "SELECT g, date_part('year', birth) < 1975 AS old, grouping(g) AS a, grouping(g, date_part('year', birth) < 1975) AS b, \
         count(*) AS n, sum(x) AS s FROM t GROUP BY CUBE (g, date_part('year', birth) < 1975) ORDER BY b, g, old",
    );
    assert_eq!(rows.len(), 9, "{rows:?}");
    let plain = small.ask("SELECT count(*), sum(x) FROM t WHERE g = 'a'");
    let of_a: Vec<_> = rows.iter().filter(|row| row[0] == "a" && row[3] == "1").collect();
    assert_eq!(
        (of_a.len(), &of_a[0][4..], of_a[0][2].as_str()),
        (1, &plain[0][..], "0")
    );
    let total: Vec<_> = rows.iter().filter(|row| row[3] == "3").collect();
    assert_eq!(
        (total[0][0].as_str(), total[0][4].as_str(), total[0][2].as_str()),
        ("NULL", "1000", "1")
    );
    // Twice the same set are two rows with one answer, also when perturbed.
    let rows = small.released_by(
        &noisy(2),
        "SELECT g, count(*) FROM t GROUP BY GROUPING SETS ((g), (), (g), ())",
    );
    let mut rows = table(&rows.batches);
    rows.sort();
    assert_eq!(rows.len(), 6);
    assert!(rows.chunks(2).all(|two| two[0] == two[1]), "{rows:?}");
}

/// A total is shown beside its parts; one of three is too small.
fn with_a_small_part(rows_of_each: u64) -> Small {
    let mut subjects = Vec::new();
    let mut codes = Vec::new();
    for (place, unit) in units(206).into_iter().enumerate() {
        for row in 0..rows_of_each {
            subjects.push(unit);
            // Subjects with many rows are in the first two parts both.
            codes.push(match place {
                0..6 => "c",
                _ if row > 0 => ["a", "b"][(place + row as usize) % 2],
                _ => ["a", "b"][place % 2],
            });
        }
    }
    let g: ArrayRef = Arc::new(StringArray::from_iter_values(codes));
    Small::personal(rows_of_each, subjects, vec![("g", g, free())])
}

#[test]
fn a_margin_tells_nothing_of_its_missing_part() {
    for rows_of_each in [1, 3] {
        let small = with_a_small_part(rows_of_each);
        let shown = |rules: Rules| {
            let engine =
                Engine::new(GateKey::new([1; 32]), EngineLimits::default()).under(rules.without(Rule::Noise));
            let sql = "SELECT g, count(*) AS n FROM t GROUP BY ROLLUP (g)";
            let rows = table(&small.released_by(&engine, sql).batches);
            assert!(
                rows.iter()
                    .any(|row| row[0] == "NULL" && row[1] == (206 * rows_of_each).to_string()),
                "{rows:?}"
            );
            rows.iter()
                .filter(|row| row[0] != "NULL" && row[1] != "NULL")
                .count()
        };
        assert_eq!(shown(Rules::all()), 1, "{rows_of_each} rows each");
        let without = Rules::all().without(Rule::Secondary).without(Rule::Relations);
        assert_eq!(shown(without), 2, "nothing else is in the way");
    }
}
