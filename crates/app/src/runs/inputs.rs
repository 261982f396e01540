//! What a job finds: the columns that are granted to jobs, made up or real.

use std::collections::BTreeMap;

use shuyu_domain::{event::RunData, port::DatasetRow};
use shuyu_kernel::{DatasetId, Fault, Refusal, Use};
use shuyu_privacy::{
    dummy::{DummyColumnSpec, DummySpec, DummyTable, DummyType, make},
    evidence::CsvTable,
    permit::{TableGrant, TableKind},
};

use crate::{
    App, Stop,
    permit::Standing,
    port::jobs::{JobInput, RealTable},
};

/// First column of a made-up table that is downloaded, so that nobody takes it for a real one.
pub const DUMMY_MARK: &str = "made_up_no_real_data";

/// Columns that a job may read: those granted the use `python`, and every column of an open table.
fn granted(grant: &TableGrant, row: Option<&DatasetRow>) -> Vec<String> {
    if grant.kind == TableKind::Public {
        return row.map(|row| row.columns.clone()).unwrap_or_default();
    }
    let for_jobs = grant
        .columns
        .iter()
        .filter(|(_, column)| column.uses.contains(&Use::Python));
    for_jobs.map(|(name, _)| name.clone()).collect()
}

/// Tables with the columns a job may read; none without a column.
pub(super) fn columns(standing: &Standing, datasets: &[DatasetRow]) -> BTreeMap<String, Vec<String>> {
    let tables = standing.permit.tables.iter().map(|(name, grant)| {
        let row = datasets.iter().find(|row| row.dataset == grant.dataset);
        (name.clone(), granted(grant, row))
    });
    tables.filter(|(_, columns)| !columns.is_empty()).collect()
}

/// Datasets and versions that a run reads.
pub(super) fn read(standing: &Standing, data: RunData) -> Vec<(DatasetId, u64)> {
    let for_jobs = |grant: &&TableGrant| {
        grant.kind == TableKind::Public
            || grant
                .columns
                .values()
                .any(|column| column.uses.contains(&Use::Python))
    };
    match data {
        RunData::Dummy => Vec::new(),
        RunData::Real => standing
            .permit
            .tables
            .values()
            .filter(for_jobs)
            .map(|grant| (grant.dataset, grant.version))
            .collect(),
    }
}

impl App {
    /// The inputs of a run.
    ///
    /// # Errors
    /// `job_without_inputs` if no column is granted to jobs.
    pub(super) async fn inputs(
        &self,
        standing: &Standing,
        data: RunData,
    ) -> Result<BTreeMap<String, JobInput>, Stop> {
        let datasets = self.record.datasets(None).await?;
        let tables = columns(standing, &datasets);
        if tables.is_empty() {
            return Err(Refusal::unmet("job_without_inputs")
                .citing(&standing.permit.citations.least_necessary)
                .into());
        }
        if data == RunData::Dummy {
            let made = self.dummy_tables(standing).await?;
            return Ok(made
                .into_iter()
                .map(|(name, table)| (name, JobInput::Dummy(table)))
                .collect());
        }
        let real = tables.into_iter().filter_map(|(name, columns)| {
            let grant = standing.permit.tables.get(&name)?;
            let pseudonyms = columns.iter().filter_map(|column| {
                let domain = grant.columns.get(column)?.domain.clone()?;
                Some((column.clone(), domain))
            });
            let table = RealTable {
                dataset: grant.dataset,
                version: grant.version,
                pseudonyms: pseudonyms.collect(),
                columns,
                open: grant.kind == TableKind::Public,
            };
            Some((name, JobInput::Real(table)))
        });
        Ok(real.collect())
    }

    /// Made-up tables of the shape that a job finds under the permit; the same for everybody under it.
    pub(super) async fn dummy_tables(
        &self,
        standing: &Standing,
    ) -> Result<BTreeMap<String, DummyTable>, Stop> {
        let datasets = self.record.datasets(None).await?;
        let mut specs = BTreeMap::new();
        for (name, columns) in columns(standing, &datasets) {
            let Some(grant) = standing.permit.tables.get(&name) else {
                continue;
            };
            let types: BTreeMap<String, String> =
                self.lake.columns(grant.dataset).await?.into_iter().collect();
            let domain = |column: &String| grant.columns.get(column)?.domain.clone();
            let spec = |column: &String| DummyColumnSpec {
                // A job sees a pseudonym in the place of a subject, whatever its type was: text.
                kind: match domain(column) {
                    Some(_) => DummyType::Text,
                    None => kind(types.get(column).map_or("", String::as_str)),
                },
                domain: domain(column),
                bounds: grant.columns.get(column).and_then(|column| column.bounds),
                grain: grant.columns.get(column).and_then(|column| column.grain.clone()),
                codes: Vec::new(),
                marginal: Vec::new(),
                name: column.clone(),
            };
            let rows_per_unit = match &grant.kind {
                TableKind::Personal { rows_per_unit, .. } => *rows_per_unit,
                TableKind::NonPersonal | TableKind::Public | TableKind::Own => 1,
            };
            let spec = DummySpec {
                columns: columns.iter().map(spec).collect(),
                rows_per_unit,
            };
            specs.insert(name, spec);
        }
        let bits = standing.permit.id.bits();
        let seed = u64::try_from(bits & u128::from(u64::MAX)).unwrap_or_default();
        Ok(make(&specs, seed))
    }
}

/// The type by the name the lake gives it.
pub(crate) fn kind(name: &str) -> DummyType {
    let begins = |words: &[&str]| words.iter().any(|word| name.starts_with(word));
    if begins(&["Int", "UInt"]) {
        DummyType::Integer
    } else if begins(&["Float", "Decimal"]) {
        DummyType::Number
    } else if begins(&["Date", "Timestamp"]) {
        DummyType::Date
    } else if begins(&["Bool"]) {
        DummyType::Bool
    } else {
        DummyType::Text
    }
}

/// A made-up table as CSV with the mark in front of every row.
pub(super) fn marked_csv(table: &DummyTable) -> Result<Vec<u8>, Fault> {
    let names = table.columns.iter().map(|column| column.name.clone());
    let csv = CsvTable {
        columns: std::iter::once(DUMMY_MARK.to_owned()).chain(names).collect(),
        rows: table
            .rows()
            .into_iter()
            .map(|row| std::iter::once("made up".to_owned()).chain(row).collect())
            .collect(),
    };
    csv.write()
        .map_err(|error| Fault::new("writing a made-up table", error))
}
