//! Recipes: every step, their order, what is refused, and that nothing depends on how rows are cut.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, AsArray, Date32Array, Decimal128Array, Int64Array, RecordBatch, StringArray},
    datatypes::{Decimal128Type, Int64Type},
};
use shuyu_kernel::{CivilDate, CreditCode, cn::ResidentId};
use shuyu_privacy::governance::recipe::{
    ColumnRecipe, DivisionStep, Masker, PseudonymForm, PseudonymKey, Recipe, Step,
};
use shuyu_testkit::registers;

use super::batch;

fn people() -> RecordBatch {
    let ids: Vec<String> = (0..4)
        .map(|i| registers::person_id(1, i).unwrap().reveal().to_owned())
        .collect();
    let days = |y, m, d| Some(i32::try_from(CivilDate::new(y, m, d).unwrap().days()).unwrap());
    let pay = Decimal128Array::from(vec![Some(123_456), Some(-150), None, Some(99_999_999)]);
    batch(vec![
        ("id", Arc::new(ids.iter().map(Some).collect::<StringArray>())),
        (
            "name",
            Arc::new(StringArray::from(vec![
                Some("欧阳明"),
                Some("王芳"),
                None,
                Some("李"),
            ])),
        ),
        (
            "born",
            Arc::new(Date32Array::from(vec![
                days(1990, 5, 6),
                days(1944, 1, 1),
                None,
                days(2007, 12, 31),
            ])),
        ),
        (
            "area",
            Arc::new(StringArray::from(vec![
                Some("990102003004"),
                Some("990101"),
                Some("没有"),
                None,
            ])),
        ),
        (
            "age",
            Arc::new(Int64Array::from(vec![Some(34), Some(80), None, Some(17)])),
        ),
        ("pay", Arc::new(pay.with_precision_and_scale(28, 2).unwrap())),
        ("__unit", Arc::new(Int64Array::from(vec![1, 2, 3, 4]))),
    ])
}

fn recipe(columns: Vec<(&str, Vec<Step>)>) -> Recipe {
    let columns = columns.into_iter().map(|(column, steps)| ColumnRecipe {
        column: column.to_owned(),
        steps,
    });
    Recipe {
        columns: columns.collect(),
        mark: None,
    }
}

fn key(project: &str) -> PseudonymKey {
    PseudonymKey::of(&[7; 32], project)
}

fn masked(recipe: &Recipe, project: &str) -> RecordBatch {
    let people = people();
    let masker = Masker::new(recipe, &people.schema(), &key(project), None).unwrap();
    masker.apply(&people).unwrap()
}

fn column(batch: &RecordBatch, name: &str) -> Vec<Option<String>> {
    let array: &ArrayRef = batch.column_by_name(name).unwrap();
    array
        .as_string::<i32>()
        .iter()
        .map(|v| v.map(str::to_owned))
        .collect()
}

fn some(values: &[Option<&str>]) -> Vec<Option<String>> {
    values.iter().map(|v| v.map(str::to_owned)).collect()
}

fn pseudonym(domain: &str, form: PseudonymForm) -> Vec<Step> {
    vec![Step::Pseudonym {
        domain: domain.to_owned(),
        form,
    }]
}

#[test]
fn every_step_does_what_it_says() {
    let edges = ["18", "40", "65"].map(str::to_owned).to_vec();
    let out = masked(
        &recipe(vec![
            ("id", vec![Step::Drop]),
            ("name", vec![Step::Mask { first: 1, last: 0 }]),
            ("born", vec![Step::Month]),
            (
                "area",
                vec![Step::Division {
                    level: DivisionStep::County,
                }],
            ),
            (
                "age",
                vec![Step::TopCode { at: "70".to_owned() }, Step::Bands { edges }],
            ),
            (
                "pay",
                vec![
                    Step::BottomCode { at: "0".to_owned() },
                    Step::Round { to: "100".to_owned() },
                ],
            ),
        ]),
        "p",
    );
    assert!(out.column_by_name("id").is_none());
    assert_eq!(
        column(&out, "name"),
        some(&[Some("欧**"), Some("王*"), None, Some("*")])
    );
    assert_eq!(
        column(&out, "born"),
        some(&[Some("1990-05"), Some("1944-01"), None, Some("2007-12")])
    );
    assert_eq!(
        column(&out, "area"),
        some(&[Some("990102"), Some("990101"), None, None])
    );
    assert_eq!(
        column(&out, "age"),
        some(&[Some("[18,40)"), Some(">=65"), None, Some("<18")])
    );
    let pay = out
        .column_by_name("pay")
        .unwrap()
        .as_primitive::<Decimal128Type>();
    assert_eq!(
        pay.iter().collect::<Vec<_>>(),
        [Some(120_000), Some(0), None, Some(100_000_000)]
    );
    let unit = out.column_by_name("__unit").unwrap().as_primitive::<Int64Type>();
    assert_eq!(unit.values(), &[1, 2, 3, 4], "the hidden unit stays");
}

#[test]
fn rounding_goes_to_the_nearest_and_halves_away_from_zero() {
    let ages = |to: &str, values: Vec<i64>| {
        let numbers = batch(vec![("n", Arc::new(Int64Array::from(values)))]);
        let round = recipe(vec![("n", vec![Step::Round { to: to.to_owned() }])]);
        let masker = Masker::new(&round, &numbers.schema(), &key("p"), None).unwrap();
        masker
            .apply(&numbers)
            .unwrap()
            .column(0)
            .as_primitive::<Int64Type>()
            .values()
            .to_vec()
    };
    assert_eq!(
        ages("10", vec![4, 5, 14, 15, -4, -5, -15]),
        [0, 10, 10, 20, 0, -10, -20]
    );
    assert_eq!(ages("3", vec![1, 2, 4, 5, -1, -2]), [0, 3, 3, 6, 0, -3]);
    assert_eq!(ages("1", vec![7, -7]), [7, -7]);
}

#[test]
fn pseudonyms_are_of_the_project_and_the_domain_and_have_the_form_asked_for() {
    let of = |domain: &str, form, project: &str| {
        column(
            &masked(&recipe(vec![("id", pseudonym(domain, form))]), project),
            "id",
        )
    };
    let first = of("person", PseudonymForm::Code, "a");
    assert!(first.iter().flatten().all(|code| code.len() == 32));
    assert_eq!(
        first,
        of("person", PseudonymForm::Code, "a"),
        "the same within a project"
    );
    assert!(
        first
            .iter()
            .zip(of("person", PseudonymForm::Code, "b"))
            .all(|(a, b)| *a != b),
        "another in another"
    );
    assert!(
        first
            .iter()
            .zip(of("household", PseudonymForm::Code, "a"))
            .all(|(a, b)| *a != b)
    );
    let ids = of("person", PseudonymForm::ResidentId, "a");
    assert!(
        ids.iter()
            .flatten()
            .all(|id| ResidentId::parse(id).is_ok() && id.starts_with("99"))
    );
    let codes = of("person", PseudonymForm::CreditCode, "a");
    assert!(codes.iter().flatten().all(|code| CreditCode::parse(code).is_ok()));
    // An x for an X, full-width digits, spaces: one person, one pseudonym.
    let ways = batch(vec![(
        "id",
        Arc::new(StringArray::from(vec![
            "11010519491231002x",
            "１１０１０５１９４９１２３１００２Ｘ",
            "110105 19491231 002X",
        ])),
    )]);
    let masker = Masker::new(
        &recipe(vec![("id", pseudonym("person", PseudonymForm::Code))]),
        &ways.schema(),
        &key("a"),
        None,
    )
    .unwrap();
    let out = column(&masker.apply(&ways).unwrap(), "id");
    assert!(out.iter().all(|one| *one == out[0]));
}

#[test]
fn an_unkeyed_hash_and_what_does_not_fit_are_refused() {
    let refused = |recipe: &Recipe| Masker::new(recipe, &people().schema(), &key("p"), None).unwrap_err();
    let hash = refused(&recipe(vec![(
        "id",
        vec![Step::Hash {
            algorithm: "sha256".to_owned(),
        }],
    )]));
    assert_eq!(
        (hash.code.as_str(), hash.facts["algorithm"].as_str()),
        ("unkeyed_hash", "sha256")
    );
    let problem =
        |column: &str, steps: Vec<Step>| refused(&recipe(vec![(column, steps)])).facts["problem"].clone();
    assert_eq!(problem("id", vec![]), "no_steps");
    assert_eq!(problem("id", vec![Step::Year]), "type");
    assert_eq!(
        problem("born", vec![Step::Month, Step::Year]),
        "type",
        "a month is text"
    );
    assert_eq!(
        problem(
            "age",
            vec![Step::Bands {
                edges: vec!["5".to_owned(), "3".to_owned()]
            }]
        ),
        "edges"
    );
    assert_eq!(problem("age", vec![Step::Round { to: "0".to_owned() }]), "edges");
    assert_eq!(
        refused(&recipe(vec![("__unit", vec![Step::Drop])])).code,
        "column_unknown"
    );
    let twice = recipe(vec![("id", vec![Step::Keep]), ("id", vec![Step::Drop])]);
    assert_eq!(refused(&twice).facts["problem"], "named_twice");
    let all = ["id", "name", "born", "area", "age", "pay"].map(|name| (name, vec![Step::Drop]));
    assert_eq!(refused(&recipe(all.into())).facts["problem"], "nothing_left");
}

#[test]
fn the_same_rows_give_the_same_however_they_are_cut() {
    let own = recipe(vec![
        ("id", pseudonym("person", PseudonymForm::Code)),
        ("born", vec![Step::Year]),
    ]);
    let people = people();
    let masker = Masker::new(&own, &people.schema(), &key("p"), None).unwrap();
    assert_eq!(
        masker.untouched().collect::<Vec<_>>(),
        ["name", "area", "age", "pay", "__unit"]
    );
    let whole = masker.apply(&people).unwrap();
    for row in 0..people.num_rows() {
        assert_eq!(masker.apply(&people.slice(row, 1)).unwrap(), whole.slice(row, 1));
    }
    let text = serde_json::to_string(&own).unwrap();
    assert_eq!(
        serde_json::from_str::<Recipe>(&text).unwrap(),
        own,
        "recipes are data"
    );
}
