//! Precision and recall of discovery, measured on labelled columns; the floors below are what the docs state.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{ArrayRef, RecordBatch, StringArray},
    datatypes::{DataType, Field, Schema},
};
use shuyu_privacy::governance::discovery::{ColumnFindings, Examination, Sensitive, proven};
use shuyu_testkit::registers;

use super::columns::{Labelled, labelled, register_labels};

/// Labelled tables that are measured.
const SEEDS: u64 = 8;
const ROWS: usize = 400;

fn batch(columns: &[Labelled], rows: std::ops::Range<usize>) -> RecordBatch {
    // Names of the labelled columns repeat; the examination is told of them by position.
    let fields: Vec<Field> = (0..columns.len())
        .map(|i| Field::new(format!("{i}"), DataType::Utf8, true))
        .collect();
    let arrays = columns.iter().map(|column| {
        let values = column.values[rows.clone()].iter().cloned();
        Arc::new(values.collect::<StringArray>()) as ArrayRef
    });
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays.collect()).unwrap()
}

fn examine_one(name: &str, values: &[Option<String>]) -> ColumnFindings {
    let array: ArrayRef = Arc::new(values.iter().cloned().collect::<StringArray>());
    let schema = Schema::new(vec![Field::new(name, DataType::Utf8, true)]);
    let whole = RecordBatch::try_new(Arc::new(schema), vec![array]).unwrap();
    let mut examination = Examination::new([name], 7);
    examination.take(&whole);
    examination.finish().remove(0)
}

#[derive(Default, Clone, Copy)]
struct Score {
    right: u32,
    wrong: u32,
    missed: u32,
}

impl Score {
    fn precision(self) -> f64 {
        f64::from(self.right) / f64::from((self.right + self.wrong).max(1))
    }
    fn recall(self) -> f64 {
        f64::from(self.right) / f64::from((self.right + self.missed).max(1))
    }
}

fn count(
    scores: &mut BTreeMap<Sensitive, Score>,
    kind: Option<Sensitive>,
    found: Option<Sensitive>,
    named: &str,
) {
    if let Some(kind) = kind {
        let score = scores.entry(kind).or_default();
        if found == Some(kind) {
            score.right += 1;
        } else {
            score.missed += 1;
            println!("missed {kind:?} in a column named {named}: {found:?}");
        }
    }
    if let Some(found) = found.filter(|found| Some(*found) != kind) {
        scores.entry(found).or_default().wrong += 1;
        println!("wrong {found:?} in a column named {named}, which holds {kind:?}");
    }
}

#[test]
fn precision_and_recall_by_kind_stay_above_their_floors() {
    let mut scores = BTreeMap::new();
    for seed in 0..SEEDS {
        for column in labelled(seed, ROWS) {
            let findings = examine_one(&column.name, &column.values);
            let surest = findings.findings.first().map(|finding| finding.kind);
            count(&mut scores, column.kind, surest, &column.name);
        }
        for (writer, header) in [
            (
                registers::write_persons_csv as registers::RegisterWriter,
                registers::PERSONS_HEADER,
            ),
            (
                registers::write_contributions_csv,
                registers::CONTRIBUTIONS_HEADER,
            ),
        ] {
            let mut bytes = Vec::new();
            writer(&mut bytes, seed, 600).unwrap();
            let text = String::from_utf8(bytes).unwrap();
            for (index, name) in header.split(',').enumerate() {
                let cell = |line: &str| {
                    line.split(',')
                        .nth(index)
                        .filter(|cell| !cell.is_empty())
                        .map(str::to_owned)
                };
                let values: Vec<Option<String>> = text.lines().skip(1).map(cell).collect();
                let surest = examine_one(name, &values)
                    .findings
                    .first()
                    .map(|finding| finding.kind);
                count(&mut scores, register_labels(name), surest, name);
            }
        }
    }
    println!(
        "{:<16} {:>6} {:>6} {:>6} {:>10} {:>7}",
        "kind", "right", "wrong", "missed", "precision", "recall"
    );
    let mut all = Score::default();
    for (kind, score) in &scores {
        let (precision, recall) = (score.precision(), score.recall());
        println!(
            "{:<16} {:>6} {:>6} {:>6} {precision:>10.3} {recall:>7.3}",
            kind.code(),
            score.right,
            score.wrong,
            score.missed
        );
        all = Score {
            right: all.right + score.right,
            wrong: all.wrong + score.wrong,
            missed: all.missed + score.missed,
        };
    }
    println!(
        "all: precision {:.3}, recall {:.3}",
        all.precision(),
        all.recall()
    );
    for (kind, score) in scores {
        let checked = matches!(
            kind,
            Sensitive::ResidentId
                | Sensitive::CreditCode
                | Sensitive::BankCard
                | Sensitive::Email
                | Sensitive::VehiclePlate
        );
        // What has a check digit or a grammar is found under any name; the others need the name now and then.
        let (precision, recall) = if checked { (0.99, 0.99) } else { (0.90, 0.70) };
        assert!(
            score.precision() >= precision,
            "precision of {kind:?}: {}",
            score.precision()
        );
        assert!(score.recall() >= recall, "recall of {kind:?}: {}", score.recall());
    }
    assert!(
        all.precision() >= 0.97 && all.recall() >= 0.90,
        "{} {}",
        all.precision(),
        all.recall()
    );
}

#[test]
fn findings_do_not_depend_on_how_rows_are_cut_and_hold_no_value() {
    let columns = labelled(3, 3_000);
    let columns: Vec<Labelled> = columns.into_iter().step_by(5).collect();
    let names: Vec<String> = (0..columns.len()).map(|i| i.to_string()).collect();
    let run = |cut: usize| {
        let mut examination = Examination::new(names.iter().map(String::as_str), 11);
        for start in (0..3_000).step_by(cut) {
            examination.take(&batch(&columns, start..(start + cut).min(3_000)));
        }
        assert_eq!(examination.rows(), 3_000);
        examination.finish()
    };
    let (whole, pieces) = (run(3_000), run(77));
    assert_eq!(whole, pieces);
    assert!(whole.iter().all(|column| column.sampled <= 2_000));
    assert_eq!(
        whole[0].nulls,
        columns[0].values.iter().filter(|v| v.is_none()).count() as u64
    );
    let json = serde_json::to_string(&whole).unwrap();
    for column in &columns {
        for value in column
            .values
            .iter()
            .flatten()
            .filter(|value| value.len() > 8)
            .take(50)
        {
            assert!(!json.contains(value.as_str()), "a value stands in the findings");
        }
    }
}

#[test]
fn single_texts_are_proven_by_form_alone() {
    let id = registers::person_id(1, 5).unwrap();
    assert_eq!(proven(id.reveal()), Some(Sensitive::ResidentId));
    assert_eq!(proven("91350100M000100Y43"), Some(Sensitive::CreditCode));
    assert_eq!(proven("１３８ ００１３ ８０００"), Some(Sensitive::MobilePhone));
    for plain in ["", "2026-01-01", "530102202601010001", "苹果", "12345", "v1.2.3"] {
        assert_eq!(proven(plain), None, "{plain}");
    }
}
