//! Types, rules, quarantine and what the report says.

use arrow::{array::AsArray, datatypes::DataType};
use shuyu_lake::{
    ColumnSpec, ColumnType, IngestError, IngestMode, IngestSpec, OnBadRow, QualityReport, Rule, TableSpec,
};

use crate::world::{World, dataset, refusal_of, spec};

const TEXT: &str = "id,age,sex,paid,day\n\
    1,34,f,1.50,2026-01-01\n\
    2,x,m,2.00,2026-01-02\n\
    3,200,f,NA,2026-01-03\n\
    1,20,f,3.00,2026-01-04\n\
    4,,m,1.005,2026-01-05\n\
    5,40,x,1.00,2026-02-30\n\
    ,41,m,1.00,2026-01-06\n\
    6,50,m,9.99,\n";

fn schema() -> TableSpec {
    TableSpec {
        columns: vec![
            ColumnSpec::new("id", ColumnType::Integer),
            ColumnSpec::new("age", ColumnType::Integer)
                .within("0", "120")
                .required(),
            ColumnSpec::new("sex", ColumnType::Text).one_of(["f", "m"]),
            ColumnSpec::new("paid", ColumnType::Decimal { scale: 2 }),
            ColumnSpec::new("day", ColumnType::Date),
        ],
        key: vec!["id".to_owned()],
    }
}

async fn request(world: &World, on_bad_row: OnBadRow) -> IngestSpec {
    let mut spec = spec(dataset(1), vec![world.raw(TEXT.as_bytes()).await], "k");
    (spec.schema, spec.on_bad_row) = (Some(schema()), on_bad_row);
    spec
}

fn found(report: &QualityReport) -> Vec<(String, Rule, u64, Vec<u64>)> {
    let findings = report.findings.iter();
    findings
        .map(|f| {
            (
                f.column.clone(),
                f.rule,
                f.count,
                f.first.iter().map(|r| r.line).collect(),
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_broken_rule_is_counted_with_its_rows_and_without_a_value() {
    let world = World::new();
    let Err(IngestError::Refused(refused)) = world.ingest(request(&world, OnBadRow::Refuse).await).await
    else {
        panic!("bad rows refuse the ingest");
    };
    assert_eq!(refused.refusal.code, "quality_refused");
    assert_eq!(refused.refusal.facts["bad_rows"], "6");
    let report = refused.report.expect("report");
    assert_eq!(
        (report.rows_read, report.rows_accepted, report.rows_quarantined),
        (8, 2, 6)
    );
    let expected = [
        ("id", Rule::RequiredMissing, 1, vec![8]),
        ("age", Rule::TypeMismatch, 1, vec![3]),
        ("age", Rule::OutOfRange, 1, vec![4]),
        ("age", Rule::RequiredMissing, 1, vec![6]),
        ("sex", Rule::NotInCodeList, 1, vec![7]),
        ("paid", Rule::TypeMismatch, 1, vec![6]),
        ("day", Rule::TypeMismatch, 1, vec![7]),
        ("id", Rule::DuplicateKey, 1, vec![5]),
    ];
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(c, r, n, l)| (c.to_owned(), r, n, l))
        .collect();
    assert_eq!(found(&report), expected);
    let json = serde_json::to_string(&report).expect("json");
    assert!(
        !json.contains("\"x\"") && !json.contains("200"),
        "no cell value stands in {json}"
    );
    assert!(
        world
            .lake
            .versions(dataset(1))
            .await
            .expect("versions")
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn quarantine_leaves_bad_rows_out_up_to_its_share() {
    let world = World::new();
    let share = |points| OnBadRow::Quarantine {
        max_share_basis_points: points,
    };
    let refusal = refusal_of(world.ingest(request(&world, share(7_499)).await).await);
    assert_eq!(refusal.code, "quality_refused");
    let report = world
        .ingest(request(&world, share(7_500)).await)
        .await
        .expect("six of eight");
    assert_eq!(report.version.rows, 2);
    let ranges: Vec<(u64, u64)> = report
        .quality
        .quarantined
        .iter()
        .map(|r| (r.from, r.to))
        .collect();
    assert_eq!(ranges, [(3, 8)]);
    let column = |name: &str| {
        report
            .quality
            .columns
            .iter()
            .find(|c| c.column == name)
            .expect("column")
            .clone()
    };
    let paid = column("paid");
    assert_eq!(
        (paid.min.as_deref(), paid.max.as_deref(), paid.nulls),
        (Some("1.50"), Some("9.99"), 0)
    );
    assert_eq!(
        (column("id").min, column("sex").min),
        (None, None),
        "keys and text show no value"
    );
    assert_eq!(
        (column("day").nulls, column("day").min.as_deref()),
        (1, Some("2026-01-01"))
    );
    let rows = world.rows(dataset(1)).await;
    let types: Vec<DataType> = rows[0]
        .schema()
        .fields()
        .iter()
        .map(|f| f.data_type().clone())
        .collect();
    let expected = [
        DataType::Int64,
        DataType::Int64,
        DataType::Utf8,
        DataType::Decimal128(28, 2),
        DataType::Date32,
    ];
    assert_eq!(types, expected);
    let kept = world
        .lake
        .report(report.version.record.report.expect("digest"))
        .await
        .expect("stored");
    assert_eq!(kept, report.quality);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_unique_across_appends() {
    let world = World::new();
    let schema = TableSpec {
        columns: vec![ColumnSpec::new("id", ColumnType::Text)],
        key: vec!["id".to_owned()],
    };
    let first = world.raw("id\nab\ncd\n".as_bytes()).await;
    let second = world.raw("id\nef\nAB\n".as_bytes()).await;
    for (raw, key, mode, bad) in [
        (first, "a", IngestMode::Replace, 0),
        (second, "b", IngestMode::Append, 1),
    ] {
        let mut spec = spec(dataset(1), vec![raw], key);
        (spec.schema, spec.mode) = (Some(schema.clone()), mode);
        match world.ingest(spec).await {
            Ok(report) => assert_eq!((report.quality.rows_quarantined, bad), (0, 0)),
            Err(IngestError::Refused(refused)) => {
                let report = refused.report.expect("report");
                assert_eq!(report.rows_quarantined, bad);
                assert_eq!(
                    found(&report),
                    [("id".to_owned(), Rule::DuplicateKey, 1, vec![3])]
                );
            }
            Err(other) => panic!("{other}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn types_are_inferred_from_a_sample_and_then_enforced() {
    let world = World::new();
    let text =
        "code,n,x,day,ok,empty,PM2.5 (ug)\n007,1,1.5,2026-01-01,true,,3\n110,-2,NA,2026-01-02,false,NA,4\n";
    let report = world
        .ingest(spec(dataset(1), vec![world.raw(text.as_bytes()).await], "k"))
        .await
        .expect("ok");
    let columns = &report.version.record.schema.columns;
    let kinds: Vec<_> = columns.iter().map(|c| c.kind).collect();
    use ColumnType::{Bool, Date, Float, Integer, Text};
    assert_eq!(kinds, [Text, Integer, Float, Date, Bool, Text, Integer]);
    assert_eq!(
        (columns[6].name.as_str(), columns[6].header()),
        ("pm2_5__ug_", "PM2.5 (ug)")
    );
    let rows = world.rows(dataset(1)).await;
    assert_eq!(rows[0].column(0).as_string::<i32>().value(0), "007");
    // A value beyond the sample that does not fit is a finding like any other.
    let mut long = "n\n".to_owned();
    (0..60_000).for_each(|i| long.push_str(&format!("{i}\n")));
    long.push_str("6.5\n");
    let Err(IngestError::Refused(refused)) = world
        .ingest(spec(dataset(2), vec![world.raw(long.as_bytes()).await], "k"))
        .await
    else {
        panic!("refused");
    };
    assert_eq!(
        found(&refused.report.expect("report")),
        [("n".to_owned(), Rule::TypeMismatch, 1, vec![60_002])]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_first_twenty_rows_are_named() {
    let world = World::new();
    let text = format!("age\n{}", "x\n".repeat(30));
    let mut spec = spec(dataset(1), vec![world.raw(text.as_bytes()).await], "k");
    spec.schema = Some(TableSpec {
        columns: vec![ColumnSpec::new("age", ColumnType::Integer)],
        key: vec![],
    });
    let Err(IngestError::Refused(refused)) = world.ingest(spec).await else {
        panic!("refused")
    };
    let report = refused.report.expect("report");
    assert_eq!(
        (report.findings[0].count, report.findings[0].first.len()),
        (30, 20)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn schemas_that_cannot_be_are_refused() {
    let world = World::new();
    let column = |name: &str| ColumnSpec::new(name, ColumnType::Integer);
    let raw = world.raw(b"a\n1\n").await;
    for (columns, key, problem) in [
        (vec![], vec![], "number_of_columns"),
        (vec![column("a b")], vec![], "name"),
        (vec![column("__unit")], vec![], "name"),
        (vec![column("a"), column("A")], vec![], "duplicate"),
        (vec![column("a").within("x", "2")], vec![], "range"),
        (
            vec![ColumnSpec::new("a", ColumnType::Decimal { scale: 19 })],
            vec![],
            "scale",
        ),
        (vec![column("a")], vec!["b".to_owned()], "key"),
    ] {
        let mut spec = spec(dataset(1), vec![raw], "k");
        spec.schema = Some(TableSpec { columns, key });
        let refusal = refusal_of(world.ingest(spec).await);
        assert_eq!(
            (refusal.code.as_str(), refusal.facts["problem"].as_str()),
            ("schema_not_usable", problem)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_list_is_declared_with_a_file_and_holds_until_it_is_lifted() {
    let world = World::new();
    let file = async |text: &str, key: &str, codes: &[(&str, &[&str])]| {
        let mut spec = spec(dataset(1), vec![world.raw(text.as_bytes()).await], key);
        let list = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        spec.codes = (codes.iter())
            .map(|(column, values)| ((*column).to_owned(), list(values)))
            .collect();
        spec
    };
    let declared = async || {
        let snapshot = world.lake.snapshot(dataset(1), None).await.expect("snapshot");
        let columns = snapshot.version().record.schema.columns.clone();
        let sex = columns.into_iter().find(|column| column.name == "sex");
        sex.expect("a column").allowed.into_iter().collect::<Vec<_>>()
    };
    let list: (&str, &[&str]) = ("sex", &["m", "f"]);
    let first = file("id,sex\n1,f\n2,m\n", "k1", &[list]).await;
    world.ingest(first).await.expect("ingest");
    assert_eq!(declared().await, ["f", "m"]);
    // A later file without a word of it is held to it.
    let Err(IngestError::Refused(refused)) = world.ingest(file("id,sex\n1,x\n", "k2", &[]).await).await
    else {
        panic!("another value breaks the rule")
    };
    let findings = found(&refused.report.expect("a report"));
    assert_eq!(findings, [("sex".to_owned(), Rule::NotInCodeList, 1, vec![2])]);
    let lifted = file("id,sex\n1,x\n", "k3", &[("sex", &[])]).await;
    world.ingest(lifted).await.expect("ingest");
    assert!(declared().await.is_empty());
    let unknown = file("id,sex\n1,x\n", "k4", &[("age", &["1"])]).await;
    assert_eq!(refusal_of(world.ingest(unknown).await).code, "column_unknown");
    let long = "x".repeat(65);
    let many: Vec<String> = (0..5_001).map(|number| number.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for values in [&[long.as_str()][..], &["110101199003071233"], &many] {
        let bad = file("id,sex\n1,x\n", "k5", &[("sex", values)]).await;
        let refusal = refusal_of(world.ingest(bad).await);
        assert_eq!(
            (refusal.code.as_str(), refusal.facts["column"].as_str()),
            ("codes_not_usable", "sex")
        );
    }
}
