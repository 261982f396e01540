//! Semi, anti and outer joins over the subject: their values against a computation of our own.

use shuyu_privacy::{ColumnGrant, TableKind, Use};
use shuyu_query::UNIT_COLUMN;

use crate::{
    people::{exactly, noisy, numbers},
    small::{Small, text, units, uses},
    stages::visits,
};

/// A further personal table about the first so many of the subjects, one row each.
pub fn with(
    mut small: Small,
    name: &str,
    count: u64,
    columns: Vec<(&str, Vec<&'static str>, ColumnGrant)>,
) -> Small {
    let kind = TableKind::Personal {
        domain: "person".into(),
        rows_per_unit: 1,
    };
    let hidden = std::sync::Arc::new(arrow::array::UInt64Array::from(units(count)));
    let columns = columns.into_iter();
    let columns = columns.map(|(name, values, grant)| (name, text(values), grant));
    small.add(name, kind, columns.collect(), &[(UNIT_COLUMN, hidden)]);
    let id = small.grants["t"].columns["id_no"].clone();
    small
        .grants
        .get_mut(name)
        .unwrap()
        .columns
        .insert("id_no".into(), id);
    small
}

/// The visits of sixty subjects, and eighty persons `w`: the first sixty and twenty without a visit.
pub fn persons() -> Small {
    let half = (0..80).map(|i| if i % 2 == 0 { "even" } else { "odd" }).collect();
    let few = (0..80).map(|i| if i < 5 { "few" } else { "many" }).collect();
    let dimension = || uses(&[Use::Group, Use::Filter]);
    let columns = vec![("half", half, dimension()), ("few", few, dimension())];
    with(visits(), "w", 80, columns)
}

fn costs(i: i64) -> impl Iterator<Item = i64> {
    (0..=(i % 3)).map(move |visit| 10 * i + visit)
}

#[test]
fn rows_stay_by_their_subject() {
    let small = persons();
    for (sql, n) in [
        (
            "FROM w WHERE NOT EXISTS (SELECT 1 FROM t WHERE t.id_no = w.id_no)",
            20,
        ),
        (
            "FROM w WHERE EXISTS (SELECT 1 FROM t WHERE w.id_no = t.id_no)",
            60,
        ),
        (
            "FROM w WHERE NOT (NOT EXISTS (SELECT cost FROM t WHERE t.id_no = w.id_no))",
            60,
        ),
        (
            "FROM w WHERE id_no IN (SELECT id_no FROM t WHERE place = 'later')",
            40,
        ),
        (
            "FROM w WHERE id_no NOT IN (SELECT id_no FROM t WHERE place = 'later')",
            40,
        ),
        (
            "FROM w WHERE half = 'even' AND id_no NOT IN (SELECT id_no FROM t)",
            10,
        ),
        // Rows of one side are never multiplied by those of the other.
        (
            "FROM t WHERE EXISTS (SELECT 1 FROM w WHERE w.id_no = t.id_no AND half = 'even')",
            60,
        ),
        (
            "FROM t LEFT SEMI JOIN w ON t.id_no = w.id_no AND w.half = 'even'",
            60,
        ),
        ("FROM w LEFT ANTI JOIN t ON t.id_no = w.id_no", 20),
        ("FROM t RIGHT ANTI JOIN w ON t.id_no = w.id_no", 20),
        (
            "FROM w LEFT JOIN t ON t.id_no = w.id_no WHERE t.id_no IS NULL",
            20,
        ),
        (
            "FROM t RIGHT JOIN w ON t.id_no = w.id_no WHERE t.id_no IS NULL",
            20,
        ),
        (
            "FROM w LEFT JOIN t ON t.id_no = w.id_no AND t.place = 'later' WHERE t.id_no IS NULL",
            40,
        ),
        (
            "FROM (SELECT w.half, t.id_no AS v FROM w LEFT JOIN t ON t.id_no = w.id_no) s WHERE s.v IS NULL",
            20,
        ),
        (
            "FROM w LEFT JOIN t ON t.id_no = w.id_no WHERE t.id_no IS NOT NULL",
            120,
        ),
        (
            "FROM w LEFT JOIN t ON t.id_no = w.id_no WHERE t.place = 'first' AND w.half = 'odd'",
            30,
        ),
        (
            "FROM w LEFT JOIN t ON t.id_no = w.id_no WHERE coalesce(t.place, 'none') = 'later'",
            60,
        ),
        ("FROM (SELECT id_no FROM w EXCEPT SELECT id_no FROM t) s", 20),
        (
            "FROM (SELECT id_no FROM t INTERSECT SELECT id_no FROM w WHERE half = 'even') s",
            30,
        ),
        // What is asked inside may be asked of rows of a subject, of joined tables, and again.
        (
            "FROM w WHERE id_no NOT IN (SELECT id_no FROM t GROUP BY id_no HAVING count(*) >= 2)",
            40,
        ),
        (
            "FROM w WHERE EXISTS (SELECT 1 FROM t JOIN w AS q ON q.id_no = t.id_no WHERE t.id_no = w.id_no AND q.id_no = w.id_no AND q.half = 'even' AND t.place = 'later')",
            20,
        ),
        (
            "FROM w WHERE NOT EXISTS (SELECT 1 FROM t WHERE t.id_no = w.id_no AND NOT EXISTS (SELECT 1 FROM w AS q WHERE q.id_no = t.id_no AND q.half = 'odd'))",
            50,
        ),
        (
            "FROM (SELECT DISTINCT id_no FROM w WHERE NOT EXISTS (SELECT 1 FROM t WHERE t.id_no = w.id_no)) s",
            20,
        ),
        (
            "FROM (SELECT row_number() OVER (PARTITION BY id_no ORDER BY half) AS r FROM w WHERE id_no NOT IN (SELECT id_no FROM t)) s WHERE s.r = 1",
            20,
        ),
    ] {
        let rows = small.ask(&format!("SELECT count(*) {sql}"));
        assert_eq!(rows, [[n.to_string()]], "{sql}");
    }
}

#[test]
fn rows_without_a_match_have_no_values() {
    let small = persons();
    let sum: i64 = (0..60).flat_map(costs).sum();
    let join = "FROM w LEFT JOIN t ON w.id_no = t.id_no";
    exactly(
        &small,
        &format!(
            "SELECT count(*), count(t.id_no), count(DISTINCT t.id_no), count(DISTINCT w.id_no), sum(t.cost), \
             avg(t.cost), avg(coalesce(t.cost, 0)) {join}"
        ),
        &[
            140.0,
            120.0,
            60.0,
            80.0,
            sum as f64,
            sum as f64 / 120.0,
            sum as f64 / 140.0,
        ],
    );
    // The columns of either side are where the statement has them.
    exactly(
        &small,
        "SELECT sum(cost), count(*) FROM (SELECT * FROM t RIGHT JOIN w ON w.id_no = t.id_no) s WHERE s.few = 'many'",
        &[(5..60).flat_map(costs).sum::<i64>() as f64, 131.0],
    );
    // Those without a match are rows of nothing, and their columns are missing.
    let rows = small.ask(&format!(
        "SELECT few, count(*), count(t.cost), count(t.id_no) {join} WHERE t.id_no IS NULL GROUP BY few ORDER BY 1"
    ));
    assert_eq!(rows, [["many", "20", "0", "0"]]);
    // A condition in ON leaves rows without a match, a constant of the other side too.
    let rows = small.ask(
        "SELECT s.n, count(*) FROM (SELECT w.id_no, count(t.id_no) AS n FROM w LEFT JOIN t ON w.id_no = t.id_no \
         AND t.place = 'later' GROUP BY w.id_no) s GROUP BY s.n ORDER BY 1",
    );
    assert_eq!(rows, [["0", "40"], ["1", "20"], ["2", "20"]]);
    exactly(
        &small,
        "SELECT sum(s.c), count(*) FROM (SELECT w.id_no, sum(t.cost) AS c FROM w LEFT JOIN t ON w.id_no = t.id_no GROUP BY w.id_no) s",
        &[sum as f64, 80.0],
    );
}

/// One question has one answer, under noise too, however the rows came to stay.
#[test]
fn the_same_set_has_the_same_answer_in_every_form() {
    let small = persons();
    let engine = noisy(11);
    let ask = |sql: &str| numbers(&small, &engine, sql)[0].unwrap();
    let forms = [
        "SELECT count(*) FROM w WHERE id_no IN (SELECT id_no FROM t WHERE place = 'later')",
        "SELECT count(*) FROM w WHERE EXISTS (SELECT 1 FROM t WHERE t.id_no = w.id_no AND place = 'later')",
        "SELECT count(*) FROM w JOIN (SELECT DISTINCT id_no FROM t WHERE place = 'later') s ON w.id_no = s.id_no",
        "SELECT count(DISTINCT w.id_no) FROM w JOIN t ON w.id_no = t.id_no WHERE t.place = 'later'",
        "SELECT count(DISTINCT t.id_no) FROM w LEFT JOIN t ON w.id_no = t.id_no AND t.place = 'later'",
        "SELECT count(*) FROM (SELECT id_no FROM w INTERSECT SELECT id_no FROM t WHERE place = 'later') s",
        "SELECT count(*) FROM w WHERE id_no NOT IN (SELECT w.id_no FROM w LEFT JOIN t ON w.id_no = t.id_no AND t.place = 'later' WHERE t.id_no IS NULL)",
    ];
    for sql in forms {
        assert_eq!(ask(sql), ask(forms[0]), "{sql}");
    }
    let inner = ask("SELECT sum(t.cost) FROM w JOIN t ON w.id_no = t.id_no WHERE t.place = 'later'");
    for sql in [
        "SELECT sum(t.cost) FROM w LEFT JOIN t ON w.id_no = t.id_no AND t.place = 'later'",
        "SELECT sum(cost) FROM t WHERE place = 'later'",
    ] {
        assert_eq!(ask(sql), inner, "{sql}");
    }
}
