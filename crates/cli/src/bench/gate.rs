//! The same question with and without permit, check and gate, over the same scan of the same table.

use std::{collections::BTreeMap, num::NonZeroUsize, path::Path, sync::Arc};

use anyhow::ensure;
use shuyu_kernel::{CivilDate, PermitId};
use shuyu_lake::{CancellationToken, DatasetVersion, Lake};
use shuyu_privacy::{
    Book, Citations, ColumnGrant, GateKey, Permit, PermitKind, PermitMode, TableGrant, TableKind, Thresholds,
    Use, permit::QueryLimits,
};
use shuyu_query::{Engine, EngineLimits, Past, Released, Sealed, Tables, bare};

use super::{
    pinned::Pinned,
    register::{self, Subjects, TABLE},
    report::{Figure, Report},
    scratch::Scratch,
    stopwatch::{Stopwatch, median},
};

/// Runs that are not counted.
const WARM_UP: usize = 2;

/// A question about one table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question {
    /// Name of the table.
    pub(super) table: &'static str,
    /// What is asked.
    pub(super) sql: &'static str,
    /// Columns with what they may be used for.
    pub(super) columns: &'static [(&'static str, Use)],
    /// Heading of the figures.
    pub(super) section: &'static str,
    /// Statements of about 30 nodes that are only checked, with what they are called.
    pub(super) wide: &'static [(&'static str, &'static str)],
}

/// Fifteen projections, each under a name of its own, and what is asked of the last.
const WIDE: &str = "WITH a AS (SELECT nace1, earningsmonth FROM employment), b AS (SELECT nace1, earningsmonth FROM a), \
    c AS (SELECT nace1, earningsmonth FROM b), d AS (SELECT nace1, earningsmonth FROM c), \
    e AS (SELECT nace1, earningsmonth FROM d), f AS (SELECT nace1, earningsmonth FROM e), \
    g AS (SELECT nace1, earningsmonth FROM f), h AS (SELECT nace1, earningsmonth FROM g), \
    i AS (SELECT nace1, earningsmonth FROM h), j AS (SELECT nace1, earningsmonth FROM i), \
    k AS (SELECT nace1, earningsmonth FROM j), l AS (SELECT nace1, earningsmonth FROM k), \
    m AS (SELECT nace1, earningsmonth FROM l) \
    SELECT nace1, count(*) AS n, avg(earningsmonth) AS mean FROM m GROUP BY nace1";

/// As many nodes of several kinds: filters on a measure tied to groups, branches, HAVING, a window and an order above.
const MIXED: &str = "WITH a AS (SELECT nace1, earningsmonth FROM employment WHERE earningsmonth >= 1000), \
    b AS (SELECT nace1, earningsmonth FROM a WHERE nace1 <> 'Z' OR earningsmonth < 90000), \
    c AS (SELECT nace1, earningsmonth FROM b WHERE NOT (nace1 = 'Y' AND earningsmonth > 80000)), \
    d AS (SELECT nace1, earningsmonth FROM c), e AS (SELECT nace1, earningsmonth FROM d), \
    f AS (SELECT nace1, earningsmonth FROM e), g AS (SELECT nace1, earningsmonth FROM f), \
    h AS (SELECT nace1, count(*) AS n, avg(CASE WHEN nace1 < 'M' THEN earningsmonth END) AS mean, \
        sum(earningsmonth) FILTER (WHERE nace1 >= 'M') AS total FROM g GROUP BY nace1 HAVING count(*) > 20) \
    SELECT nace1, n, mean, total, rank() OVER (ORDER BY n DESC) AS place FROM h ORDER BY place LIMIT 5";

const OF_THE_REGISTER: Question = Question {
    table: TABLE,
    sql: "SELECT nace1, count(*) AS n, avg(earningsmonth) AS mean FROM employment GROUP BY nace1",
    columns: &[
        ("nace1", Use::Group),
        ("nace1", Use::Filter),
        ("earningsmonth", Use::Measure),
        ("earningsmonth", Use::Filter),
    ],
    section: "gate, one row per subject",
    wide: &[
        ("check of a plan of 30 nodes", WIDE),
        ("check of 30 nodes of several kinds", MIXED),
    ],
};
/// Who is in a cell is said by a measure: shares of classes, and their groups in the release ledger.
const OF_A_CLASS: Question = Question {
    sql: "SELECT nace1, count(*) AS n, avg(earningsmonth) AS mean FROM employment \
        WHERE earningsmonth >= 2500 GROUP BY nace1",
    section: "gate, one row per subject, cells that a measure makes",
    wide: &[],
    ..OF_THE_REGISTER
};

/// Measures for one row per subject and for many.
pub(super) async fn measure(
    report: &mut Report,
    csv: &Path,
    scratch: &Scratch,
    runs: usize,
) -> anyhow::Result<()> {
    let lake = register::lake(&scratch.join("gate"))?;
    let raw = register::receive(&lake, csv).await?;
    let of_employees = register::ingest(&lake, raw, Subjects::Employees).await?.version;
    for question in [OF_THE_REGISTER, OF_A_CLASS] {
        ask(report, &lake, &of_employees, question, runs).await?;
    }
    let of_enterprises = register::ingest(&lake, raw, Subjects::Enterprises).await?.version;
    let question = Question {
        section: "gate, several rows per subject",
        ..OF_THE_REGISTER
    };
    ask(report, &lake, &of_enterprises, question, runs).await?;
    Ok(())
}

/// Measures one question about a version.
pub(super) async fn ask(
    report: &mut Report,
    lake: &Lake,
    version: &DatasetVersion,
    question: Question,
    runs: usize,
) -> anyhow::Result<()> {
    let cores = NonZeroUsize::new(report.cores).unwrap_or(NonZeroUsize::MIN);
    Case::open(lake, version, question, cores)
        .await?
        .measure(report, runs)
        .await
}

/// One table under one permit.
struct Case {
    engine: Engine,
    permit: Permit,
    tables: Arc<dyn Tables>,
    cores: NonZeroUsize,
    rows: u64,
    most_rows: u64,
    question: Question,
}

/// Readings of one kind each.
#[derive(Default)]
struct Readings {
    bare: Vec<f64>,
    one_part: Vec<f64>,
    check: Vec<f64>,
    whole: Vec<f64>,
    known: Vec<f64>,
    again: Vec<f64>,
}

impl Case {
    async fn open(
        lake: &Lake,
        version: &DatasetVersion,
        question: Question,
        cores: NonZeroUsize,
    ) -> anyhow::Result<Self> {
        let unit = version.record.unit.as_ref();
        let most_rows = unit.map_or(1, |unit| u64::from(unit.max_rows_per_unit));
        let mut columns: BTreeMap<String, ColumnGrant> = BTreeMap::new();
        for (name, used) in question.columns {
            let grant = columns.entry((*name).to_owned()).or_default();
            grant.uses.insert(*used);
        }
        let grant = TableGrant {
            dataset: version.dataset,
            version: version.version,
            kind: TableKind::Personal {
                domain: unit.map(|unit| unit.domain.clone()).unwrap_or_default(),
                rows_per_unit: most_rows,
            },
            provider: None,
            columns,
            struck: Vec::new(),
            rows: None,
        };
        let snapshot = lake.snapshot(version.dataset, None).await?;
        let tables = BTreeMap::from([(question.table.to_owned(), snapshot)]);
        Ok(Self {
            engine: Engine::new(GateKey::new([3; 32]), EngineLimits::default()),
            permit: permit(question.table, grant),
            tables: Arc::new(Pinned(tables)),
            cores,
            rows: version.rows,
            most_rows,
            question,
        })
    }

    /// The kinds take turns, so that a disturbance hits them alike.
    async fn measure(&self, report: &mut Report, runs: usize) -> anyhow::Result<()> {
        let mut readings = Readings::default();
        let (mut cells, mut groups) = (0, 0);
        for run in 0..WARM_UP + runs {
            if run == WARM_UP {
                readings = Readings::default();
            }
            groups = self.ask_bare(self.cores, &mut readings.bare).await?;
            self.ask_bare(NonZeroUsize::MIN, &mut readings.one_part).await?;
            cells = self.ask_gated(&mut readings).await?;
        }
        ensure!(cells > 0, "nothing was released");
        let (section, name) = (self.question.section, "bare DataFusion");
        let (bare, whole) = (median(&readings.bare), median(&readings.whole));
        let what = format!(
            "{} rows, at most {} a subject, median of {runs}",
            self.rows, self.most_rows
        );
        report.add(Figure::new(section, name, bare, "ms").note(what));
        let one_part = Figure::new(
            section,
            "bare DataFusion, one part",
            median(&readings.one_part),
            "ms",
        );
        report.add(one_part.against(bare, name));
        let released = format!("two threads; {cells} of {groups} groups released");
        report.add(
            Figure::new(section, "check and run under a permit", whole, "ms")
                .against(bare, name)
                .note(released),
        );
        for (what, readings) in [
            (
                "the same of people whom the release ledger knows",
                &readings.known,
            ),
            ("the same, asked again", &readings.again),
        ] {
            let figure = Figure::new(section, what, median(readings), "ms");
            report.add(figure.against(bare, name));
        }
        for (what, sql) in self.question.wide {
            let wide = self.check_wide(sql, runs)?;
            report.add(Figure::new(section, *what, wide * 1e3, "µs"));
        }
        let check = Figure::new(section, "check alone", median(&readings.check) * 1e3, "µs");
        report.add(check.against(whole * 1e3, "check and run"));
        Ok(())
    }

    /// Milliseconds of the check.
    fn check_wide(&self, sql: &str, runs: usize) -> anyhow::Result<f64> {
        let mut readings = Vec::new();
        for _ in 0..WARM_UP + runs {
            let watch = Stopwatch::start();
            self.check(sql)?;
            readings.push(watch.millis());
        }
        Ok(median(readings.get(WARM_UP..).unwrap_or_default()))
    }

    async fn ask_bare(&self, partitions: NonZeroUsize, readings: &mut Vec<f64>) -> anyhow::Result<usize> {
        let watch = Stopwatch::start();
        let answer = bare::ask(self.question.sql, &self.tables, &self.permit.tables, partitions).await?;
        readings.push(watch.millis());
        Ok(answer.iter().map(|batch| batch.num_rows()).sum())
    }

    /// To an empty release ledger; to one that knows who everybody is, since a total was asked for; to one that
    /// answered the same.
    async fn ask_gated(&self, readings: &mut Readings) -> anyhow::Result<usize> {
        let watch = Stopwatch::start();
        let sealed = self.check(self.question.sql)?;
        readings.check.push(watch.millis());
        let released = self.run(&sealed, &Past::default()).await?;
        readings.whole.push(watch.millis());
        let total = format!("SELECT count(*) AS n FROM {}", self.question.table);
        let total = self.run(&self.check(&total)?, &Past::default()).await?;
        for (first, readings) in [(&total, &mut readings.known), (&released, &mut readings.again)] {
            let past = remembered(first)?;
            let watch = Stopwatch::start();
            self.run(&self.check(self.question.sql)?, &past).await?;
            readings.push(watch.millis());
        }
        Ok(released.num_rows())
    }

    fn check(&self, sql: &str) -> anyhow::Result<Sealed> {
        Ok(self.engine.check(&self.permit, sql, self.tables.as_ref())?)
    }

    async fn run(&self, sealed: &Sealed, past: &Past) -> anyhow::Result<Released> {
        let (tables, never) = (self.tables.clone(), CancellationToken::new());
        Ok(self.engine.run(sealed, tables, past, &never).await?)
    }
}

/// The release ledger after an answer.
fn remembered(released: &Released) -> anyhow::Result<Past> {
    let mut books = BTreeMap::new();
    for remembered in &released.remembered {
        let mut book = Book::default();
        for row in &remembered.rows {
            book.read(row)?;
        }
        books.insert(remembered.domain.clone(), Arc::new(book));
    }
    Ok(Past {
        party: String::new(),
        books,
    })
}

fn permit(table: &str, grant: TableGrant) -> Permit {
    Permit {
        id: PermitId::from_bits(1),
        kind: PermitKind::A,
        mode: PermitMode::Stat,
        people: Vec::new(),
        purpose: String::new(),
        expires_on: CivilDate::from_days(0),
        thresholds: Thresholds::default(),
        tables: [(table.to_owned(), grant)].into(),
        max_rows: 1_000,
        max_bytes: 16 * 1024 * 1024,
        limits: QueryLimits::default(),
        join_risk_assessed: false,
        fusion: false,
        citations: Citations::default(),
    }
}
