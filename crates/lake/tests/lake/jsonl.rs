//! JSON lines: the same table, report and refusals as of a delimited file, and nothing that is looked into.

use shuyu_lake::{ColumnType, CsvOptions, FormatHint, OnBadRow, Rule, limits};

use crate::world::{World, dataset, fact, gzip, refusal_of, spec};

const LINES: &str = concat!(
    "{\"id\": 1, \"name\": \"多福巷\", \"v\": 0.10}\n",
    "\n",
    "{\"v\": 12345678901234567890.5, \"id\": 2, \"day\": \"2026-01-02\"}\r\n",
    "{\"id\": 3, \"name\": null, \"v\": 1e2, \"day\": \"2026-01-03\"}"
);
const SAME: &str = "id,name,v,day\n1,多福巷,0.10,\n2,,12345678901234567890.5,2026-01-02\n3,,1e2,2026-01-03\n";

#[tokio::test(flavor = "multi_thread")]
async fn lines_make_the_table_that_the_same_rows_make_as_text() {
    let world = World::new();
    let text = world.raw(SAME.as_bytes()).await;
    let expected = world
        .ingest(spec(dataset(1), vec![text], "k"))
        .await
        .expect("text");
    let kinds: Vec<_> = expected
        .version
        .record
        .schema
        .columns
        .iter()
        .map(|column| column.kind)
        .collect();
    assert_eq!(
        kinds,
        [
            ColumnType::Integer,
            ColumnType::Text,
            ColumnType::Float,
            ColumnType::Date
        ]
    );
    let rows = world.rows(dataset(1)).await;
    let gb = encoding_rs::GB18030.encode(LINES).0.into_owned();
    for (number, bytes) in [LINES.as_bytes().to_vec(), gzip(LINES.as_bytes()), gb]
        .into_iter()
        .enumerate()
    {
        let id = dataset(2 + number as u128);
        let made = world
            .ingest(spec(id, vec![world.raw(&bytes).await], "k"))
            .await
            .expect("lines");
        assert_eq!(made.version.record.schema, expected.version.record.schema);
        assert_eq!(made.quality.columns, expected.quality.columns);
        assert_eq!(world.rows(id).await, rows, "{number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_rows_are_set_aside_by_their_lines() {
    let world = World::new();
    let first = world.raw(b"{\"id\":1,\"v\":1}\n{\"id\":2,\"v\":2}\n").await;
    let mut first = spec(dataset(1), vec![first], "k0");
    first.row_key = vec!["id".to_owned()];
    world.ingest(first).await.expect("ingest");
    let text = b"{\"id\":1,\"v\":1}\n{\"id\":2,\"v\":\"x\"}\n{\"v\":3}\n{\"id\":1,\"v\":4}\n";
    let mut more = spec(dataset(1), vec![world.raw(text).await], "k1");
    assert_eq!(
        refusal_of(world.ingest(more.clone()).await).code,
        "quality_refused"
    );
    more.on_bad_row = OnBadRow::Quarantine {
        max_share_basis_points: 7_500,
    };
    let made = world.ingest(more).await.expect("a quarter is good");
    let mut found: Vec<_> = (made.quality.findings.iter())
        .map(|finding| (finding.rule, finding.first[0].line))
        .collect();
    found.sort_by_key(|(_, line)| *line);
    let wanted = [
        (Rule::TypeMismatch, 2),
        (Rule::RequiredMissing, 3),
        (Rule::DuplicateKey, 4),
    ];
    assert_eq!((found.as_slice(), made.version.rows), (wanted.as_slice(), 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_lines_are_refused_with_their_place() {
    let world = World::new();
    let deep = format!("{{\"a\":{}1{}}}\n", "[".repeat(500_000), "]".repeat(500_000));
    let unclosed = format!("{{\"a\":{}\n", "[".repeat(500_000));
    let names: Vec<String> = (0..=limits::MAX_COLUMNS).map(|n| format!("\"c{n}\":1")).collect();
    let wide = format!("{{{}}}\n", names.join(","));
    let growing: String = (0..=limits::MAX_COLUMNS)
        .map(|n| format!("{{\"c{n}\":1}}\n"))
        .collect();
    let long = format!(
        "{{\"a\":1}}\n{{\"a\":\"{}\"}}\n",
        "x".repeat(limits::MAX_CELL_BYTES + 1)
    );
    let line = format!("{{\"a\":\"{}\"}}\n", "x".repeat(limits::MAX_RECORD_BYTES + 1));
    let name = format!("{{\"{}\":1}}\n", "n".repeat(300));
    for (case, text, code, at) in [
        (
            "nested",
            "{\"a\":1}\n{\"b\":2,\"a\":{\"x\":1}}\n",
            "json_nested",
            "2",
        ),
        ("deep", &deep, "json_nested", "1"),
        ("unclosed", &unclosed, "json_line_malformed", "1"),
        ("half", "{\"a\":1}\n{\"a\":\n", "json_line_malformed", "2"),
        (
            "two in a line",
            "{\"a\":1}{\"a\":2}\n",
            "json_line_malformed",
            "1",
        ),
        ("twice", "{\"a\":1}\n{\"a\":1,\"a\":2}\n", "json_name_twice", "2"),
        ("array", "[{\"a\":1}]\n", "json_array", ""),
        ("wide", &wide, "too_many_columns", "1"),
        ("ever wider", &growing, "too_many_columns", "2001"),
        ("long cell", &long, "cell_too_long", "2"),
        ("long line", &line, "record_too_long", "1"),
        ("zero", "{\"a\":\"\\u0000\"}\n", "nul_byte", "1"),
        ("half a pair", "{\"a\":\"\\ud800\"}\n", "json_line_malformed", "1"),
        ("long name", &name, "header_not_usable", ""),
        ("no columns", "{}\n", "no_rows", ""),
    ] {
        let refusal = world.refused(text.as_bytes()).await;
        assert_eq!(
            (refusal.code.as_str(), fact(&refusal, "line")),
            (code, at),
            "{case}"
        );
    }
    let bomb = gzip(&b"{\"a\":1}\n".repeat(3_000_000));
    assert_eq!(world.refused(&bomb).await.code, "compression_bomb");
    let mut other = spec(dataset(5), vec![world.raw(b"a,b\n1,2\n").await], "k");
    other.format = FormatHint::JsonLines;
    assert_eq!(
        refusal_of(world.ingest(other.clone()).await).code,
        "format_differs"
    );
    other.format = FormatHint::Csv(CsvOptions::default());
    world.ingest(other).await.expect("as it is");
}
