//! The same question with and without permit, check and gate, over the same scan of the same table.

use std::{collections::BTreeMap, num::NonZeroUsize, path::Path, sync::Arc};

use anyhow::ensure;
use shuyu_kernel::{CivilDate, PermitId};
use shuyu_lake::{CancellationToken, DatasetVersion, Lake};
use shuyu_privacy::{
    Citations, ColumnGrant, GateKey, Permit, PermitKind, PermitMode, TableGrant, TableKind, Thresholds, Use,
    permit::QueryLimits,
};
use shuyu_query::{Engine, EngineLimits, Past, Tables, bare};

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
    /// A statement of about 30 nodes that is only checked, if there is one.
    pub(super) wide: &'static str,
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

const OF_THE_REGISTER: Question = Question {
    table: TABLE,
    sql: "SELECT nace1, count(*) AS n, avg(earningsmonth) AS mean FROM employment GROUP BY nace1",
    columns: &[("nace1", Use::Group), ("earningsmonth", Use::Measure)],
    section: "gate, one row per subject",
    wide: WIDE,
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
    for (section, subjects) in [
        (OF_THE_REGISTER.section, Subjects::Employees),
        ("gate, several rows per subject", Subjects::Enterprises),
    ] {
        let version = register::ingest(&lake, raw, subjects).await?.version;
        let question = Question {
            section,
            ..OF_THE_REGISTER
        };
        ask(report, &lake, &version, question, runs).await?;
    }
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
        let column = |uses: Use| ColumnGrant {
            uses: [uses].into(),
            ..ColumnGrant::default()
        };
        let columns = question.columns.iter();
        let grant = TableGrant {
            dataset: version.dataset,
            version: version.version,
            kind: TableKind::Personal {
                domain: unit.map(|unit| unit.domain.clone()).unwrap_or_default(),
                rows_per_unit: most_rows,
            },
            provider: None,
            columns: columns
                .map(|(name, uses)| ((*name).to_owned(), column(*uses)))
                .collect(),
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
        let released = format!("one part; {cells} of {groups} groups released");
        report.add(
            Figure::new(section, "check and run under a permit", whole, "ms")
                .against(bare, name)
                .note(released),
        );
        if !self.question.wide.is_empty() {
            let wide = self.check_wide(runs)?;
            report.add(Figure::new(
                section,
                "check of a plan of 30 nodes",
                wide * 1e3,
                "µs",
            ));
        }
        let check = Figure::new(section, "check alone", median(&readings.check) * 1e3, "µs");
        report.add(check.against(whole * 1e3, "check and run"));
        Ok(())
    }

    /// Milliseconds of the check.
    fn check_wide(&self, runs: usize) -> anyhow::Result<f64> {
        let mut readings = Vec::new();
        for _ in 0..WARM_UP + runs {
            let watch = Stopwatch::start();
            self.engine
                .check(&self.permit, self.question.wide, self.tables.as_ref())?;
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

    async fn ask_gated(&self, readings: &mut Readings) -> anyhow::Result<usize> {
        let watch = Stopwatch::start();
        let sealed = self
            .engine
            .check(&self.permit, self.question.sql, self.tables.as_ref())?;
        readings.check.push(watch.millis());
        let released = self
            .engine
            .run(
                &sealed,
                self.tables.clone(),
                &Past::default(),
                &CancellationToken::new(),
            )
            .await?;
        readings.whole.push(watch.millis());
        Ok(released.num_rows())
    }
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
