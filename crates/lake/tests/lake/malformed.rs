//! Files that are refused, each with where and why, and nothing changes.

use encoding_rs::{BIG5, GB18030, SHIFT_JIS};
use shuyu_kernel::Refusal;
use shuyu_lake::{ColumnSpec, ColumnType, TableSpec, source::Encoding};

use crate::world::{World, dataset, fact, gzip, refusal_of, spec};

fn brief(refusal: &Refusal) -> String {
    let facts: Vec<String> = refusal
        .facts
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    format!("{} {}", refusal.code, facts.join(" "))
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_text_is_refused_with_its_place() {
    let world = World::new();
    let truncated = gzip("a,b\n1,2\n".repeat(1000).as_bytes());
    let mut damaged = truncated.clone();
    let last = damaged.len() - 6;
    damaged[last] ^= 1;
    let half = &truncated[..truncated.len() / 2];
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        (
            "short row",
            b"a,b\n1,2\n3\n".into(),
            "row_width_differs expected=2 found=1 line=3",
        ),
        (
            "long row",
            b"a,b\n1,2,3\n".into(),
            "row_width_differs expected=2 found=3 line=2",
        ),
        (
            "unclosed quote",
            b"a,b\n1,2\n\"x,3\n4,5\n".into(),
            "csv_unclosed_quote column=1 line=3",
        ),
        (
            "unclosed in the middle",
            b"a,b\n1,\"2\n".into(),
            "csv_unclosed_quote column=3 line=2",
        ),
        (
            "text after a quote",
            b"a,b\n\"x\"y,3\n".into(),
            "csv_stray_quote column=4 line=2",
        ),
        (
            "quote within text",
            b"a,b\nx\"y,3\n".into(),
            "csv_stray_quote column=2 line=2",
        ),
        (
            "bare return",
            b"a,b\n1\r2,3\n".into(),
            "csv_bare_return column=3 line=2",
        ),
        ("nul", b"a,b\n1,\0\n".into(), "nul_byte line=2 offset=6"),
        ("truncated gzip", half.into(), "gzip_truncated"),
        ("damaged gzip", damaged, "gzip_damaged unpacked_bytes=8000"),
        ("only a header", b"a,b\n".into(), "no_rows "),
        (
            "unnamed column",
            b"a,\n1,2\n".into(),
            "header_not_usable position=2",
        ),
        (
            "same column twice",
            b"a,A\n1,2\n".into(),
            "header_not_usable position=2",
        ),
        (
            "reserved column",
            b"a,__unit\n1,2\n".into(),
            "header_not_usable position=2",
        ),
        ("parquet", b"PAR1xxxxPAR1".into(), "format_not_supported "),
        (
            "old excel",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".into(),
            "format_not_supported ",
        ),
        (
            "damaged workbook",
            b"PK\x03\x04rubbish".into(),
            "workbook_damaged ",
        ),
    ];
    for (name, bytes, expected) in cases {
        let found = brief(&world.refused(&bytes).await);
        assert!(
            found.starts_with(expected),
            "{name}: expected `{expected}`, found `{found}`"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn encodings_are_read_strictly_or_refused() {
    let world = World::new();
    let text = "编码,名称\n1,多福巷社区居委会\n2,东厂社区居委会\n";
    let gb = GB18030.encode(text).0.into_owned();
    let mut bom = b"\xef\xbb\xbf".to_vec();
    bom.extend_from_slice(text.as_bytes());
    let gb_packed = gzip(&gb);
    for (index, bytes) in [text.as_bytes(), &gb, &bom, &gb_packed].into_iter().enumerate() {
        let id = dataset(index as u128 + 1);
        let report = world
            .ingest(spec(id, vec![world.raw(bytes).await], "k"))
            .await
            .expect("ingest");
        assert_eq!(report.version.record.schema.columns[1].name, "名称");
        let encoding = if index % 2 == 1 {
            Encoding::Gb18030
        } else {
            Encoding::Utf8
        };
        assert_eq!(report.quality.encodings, [Some(encoding)]);
        let rows = world.rows(id).await;
        let names = arrow::array::AsArray::as_string::<i32>(rows[0].column(1));
        assert_eq!(names.value(1), "东厂社区居委会", "variant {index}");
    }
    let mixed = [text.as_bytes(), &gb].concat();
    let refusal = world.refused(&mixed).await;
    assert_eq!(
        (refusal.code.as_str(), fact(&refusal, "line")),
        ("encoding_mixed", "4")
    );
    let neither = [gb.as_slice(), b"3,\xff\xff\n"].concat();
    let refusal = world.refused(&neither).await;
    assert_eq!(
        (refusal.code.as_str(), fact(&refusal, "line")),
        ("encoding_unreadable", "4")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn utf_16_is_refused_by_name_and_other_encodings_are_reported_as_doubtful() {
    let world = World::new();
    let text =
        "編號,名稱\n1,臺北市中正區戶政事務所辦理國民身分證登記\n2,高雄市苓雅區公所社會課低收入戶審核\n";
    let ascii = "a,b\n1,2\n3,4\n";
    let little = |text: &str| {
        text.encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<u8>>()
    };
    let big = |text: &str| {
        text.encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect::<Vec<u8>>()
    };
    for bytes in [
        little(&format!("\u{feff}{text}")),
        big(&format!("\u{feff}{text}")),
        little(text),
        big(text),
        little(ascii),
        gzip(&big(ascii)),
    ] {
        assert_eq!(world.refused(&bytes).await.code, "encoding_utf16");
    }
    let village = "编码,名称\n1,多福巷社区居委会\n2,东厂社区居委会\n3,龘龘村、犇羴鱻村\n".repeat(20);
    let kana = "番号,名称\n1,ひらがなとカタカナのなまえ\n2,東京都千代田区役所のまどぐち\n";
    for (number, bytes, doubtful) in [
        (1, BIG5.encode(text).0, true),
        (2, SHIFT_JIS.encode(kana).0, true),
        (3, GB18030.encode(&village).0, false),
        (4, text.as_bytes().into(), false),
    ] {
        let raw = world.raw(&bytes).await;
        let report = world
            .ingest(spec(dataset(number), vec![raw], "k"))
            .await
            .expect("ingest");
        let warned = report
            .quality
            .warnings
            .iter()
            .any(|warning| (warning.file, warning.warning) == (0, shuyu_lake::Warning::EncodingDoubtful));
        assert_eq!(warned, doubtful, "file {number}: {:?}", report.quality);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_is_not_the_tables_is_refused_by_name() {
    let world = World::new();
    let schema = TableSpec {
        columns: vec![
            ColumnSpec::new("a", ColumnType::Integer),
            ColumnSpec::new("b", ColumnType::Text),
        ],
        key: vec![],
    };
    for (text, code, missing, extra, duplicated) in [
        ("a,c\n1,2\n", "header_differs", "b", "c", ""),
        ("a\n1\n", "header_differs", "b", "", ""),
        ("a,b,b\n1,2,3\n", "header_differs", "", "", "b"),
        ("张三,110101199001011234\n", "header_missing", "", "", ""),
    ] {
        let mut spec = spec(dataset(1), vec![world.raw(text.as_bytes()).await], "k");
        spec.schema = Some(schema.clone());
        let refusal = refusal_of(world.ingest(spec).await);
        assert_eq!(refusal.code, code, "{text}");
        let facts = (
            fact(&refusal, "missing"),
            fact(&refusal, "extra"),
            fact(&refusal, "duplicated"),
        );
        assert_eq!(facts, (missing, extra, duplicated), "{text}");
        assert!(
            !format!("{refusal:?}").contains("张三"),
            "a first row of data stays out of the refusal"
        );
    }
    let swapped = world.raw(b"b,a\nx,1\n").await;
    let mut spec = spec(dataset(1), vec![swapped], "k");
    spec.schema = Some(schema);
    assert_eq!(
        world
            .ingest(spec)
            .await
            .expect("another order is fine")
            .version
            .rows,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn quotes_line_ends_and_blank_lines_are_read_as_rfc_4180_says() {
    let world = World::new();
    let text = "a,b\r\n\"x, \"\"y\"\"\",\"two\nlines\"\r\n\r\n,\"\"\r\nlast,row";
    let report = world
        .ingest(spec(dataset(1), vec![world.raw(text.as_bytes()).await], "k"))
        .await
        .expect("ingest");
    assert_eq!(report.quality.rows_read, 3);
    let rows = world.rows(dataset(1)).await;
    let column = |index: usize| arrow::array::AsArray::as_string::<i32>(rows[0].column(index)).clone();
    assert_eq!(column(0).value(0), "x, \"y\"");
    assert_eq!(column(1).value(0), "two\nlines");
    assert_eq!((column(0).value(2), column(1).value(2)), ("last", "row"));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]

    /// Whatever cells there are, writing them quoted and reading them gives the same cells.
    #[test]
    fn any_cells_survive_quoting(rows in proptest::collection::vec(
        proptest::collection::vec("[a-z\",\r\n 中é]{0,12}", 3), 1..8)) {
        let quoted: String = rows.iter().map(|row| {
            let cells: Vec<String> = row.iter().map(|c| format!("\"{}\"", c.replace('"', "\"\""))).collect();
            cells.join(",") + "\r\n"
        }).collect();
        let mut read: Vec<Vec<String>> = Vec::new();
        let mut sink = |record: &shuyu_lake::source::Record| {
            read.push(record.cells().map(str::to_owned).collect());
            Ok(())
        };
        shuyu_lake::source::read_csv(quoted.as_bytes(), Default::default(), &mut sink).expect("csv");
        proptest::prop_assert_eq!(read, rows);
    }

    /// No bytes whatever make the readers panic.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        let _ = shuyu_lake::source::inspect_text(bytes.as_slice());
        let mut sink = |_: &shuyu_lake::source::Record| Ok(());
        let _ = shuyu_lake::source::read_csv(bytes.as_slice(), Default::default(), &mut sink);
    }
}
