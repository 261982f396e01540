//! Millions of persons and their events through the lake and under the gate.

use axum::body::Bytes;
use futures::stream;
use shuyu_kernel::{DatasetId, Use};
use shuyu_lake::{Lake, UnitKey, UnitSpec};

use super::{
    gate::{self, Question},
    memory,
    people::{Content, EVENTS_A_PERSON},
    register,
    report::{Figure, Report},
    scratch::Scratch,
    stopwatch::Stopwatch,
};

/// Rows of one piece of a file that arrives.
const PIECE_ROWS: u64 = 2_000;
/// Questions of each kind: one takes seconds.
const RUNS: usize = 3;

const OF_PERSONS: Question = Question {
    table: "persons",
    sql: "SELECT county, count(*) AS n, avg(income) AS mean FROM persons GROUP BY county",
    columns: &[("county", Use::Group), ("income", Use::Measure)],
    section: "gate at scale, one row per subject",
    wide: &[],
};
const OF_EVENTS: Question = Question {
    table: "events",
    sql: "SELECT month, kind, count(*) AS n, sum(cost) AS cost FROM events GROUP BY month, kind",
    columns: &[
        ("month", Use::Group),
        ("kind", Use::Group),
        ("cost", Use::Measure),
    ],
    section: "gate at scale, events",
    wide: &[],
};

/// Brings both tables and asks about them.
pub(super) async fn measure(report: &mut Report, scratch: &Scratch, persons: u64) -> anyhow::Result<()> {
    let lake = register::lake(&scratch.join("scale"))?;
    for (content, question, rows) in [
        (Content::Persons, OF_PERSONS, persons),
        (Content::Events, OF_EVENTS, persons * EVENTS_A_PERSON),
    ] {
        let watched = memory::begin();
        let watch = Stopwatch::start();
        let raw = receive(&lake, content, rows, persons).await?;
        let received = watch.seconds();
        let unit = UnitSpec {
            columns: vec!["id".to_owned()],
            domain: "person".to_owned(),
            key: UnitKey([2; 32]),
            at_most: None,
        };
        let dataset = DatasetId::from_bits(content as u128 + 101);
        let version = register::ingest_as(&lake, raw, dataset, question.table, unit)
            .await?
            .version;
        anyhow::ensure!(version.rows == rows, "{} rows of {rows}", version.rows);
        let ingested = rows as f64 / (watch.seconds() - received);
        let figure = Figure::new("ingest at scale", question.table, ingested, "rows/s");
        report.add(figure.note(format!(
            "{rows} rows; received at {:.0} rows/s",
            rows as f64 / received
        )));
        if watched {
            let most = memory::peak_mib()?;
            let what = format!("most memory of it: {}", question.table);
            report.add(Figure::new("ingest at scale", what, most, "MiB"));
        }
        memory::begin();
        if let Err(error) = gate::ask(report, &lake, &version, question, RUNS).await {
            let what = format!("{}, {rows} rows: {error:#}", question.section);
            report.not_measured.push(what);
            continue;
        }
        if watched {
            let most = memory::peak_mib()?;
            report.add(Figure::new(
                question.section,
                "most memory of all of these",
                most,
                "MiB",
            ));
        }
    }
    Ok(())
}

/// Receives a file as it is made: it never stands anywhere whole.
async fn receive(
    lake: &Lake,
    content: Content,
    rows: u64,
    persons: u64,
) -> anyhow::Result<shuyu_kernel::Digest> {
    let starts = (0..rows).step_by(usize::try_from(PIECE_ROWS).unwrap_or(usize::MAX));
    let pieces = starts.map(move |start| {
        let lines = (start..rows.min(start + PIECE_ROWS)).map(|row| content.line(row, persons));
        let header = if start == 0 { content.header() } else { "" };
        let text = lines.fold(header.to_owned(), |text, line| text + &line);
        Ok::<_, std::io::Error>(Bytes::from(text))
    });
    let name = format!("{content:?}.csv");
    Ok(lake
        .receive(Box::pin(stream::iter(pieces)), &name, u64::MAX)
        .await?
        .digest)
}
