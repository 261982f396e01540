//! What a job finds: the columns that are granted to jobs, made up or real.

use std::collections::BTreeMap;

use shuyu_domain::{event::RunData, port::DatasetRow};
use shuyu_kernel::{DatasetId, Fault, Refusal, Use};
use shuyu_privacy::{
    dummy::DummyTable,
    evidence::CsvTable,
    permit::{TableGrant, TableKind},
};

use crate::{
    App, Stop,
    dummy::{Shape, made},
    marginals::of_table,
    permit::Standing,
    port::jobs::{JobInput, RealTable},
};

/// First column of a made-up table that is downloaded, so that nobody takes it for a real one.
pub const DUMMY_MARK: &str = "dummy_no_real_data";

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
            let tables = self.dummy_tables(standing).await?;
            return Ok(tables
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
                rows: grant.rows.clone(),
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
        let known = self.marginals_of(&standing.permit).await?;
        let mut specs = BTreeMap::new();
        for (name, columns) in columns(standing, &datasets) {
            let Some(grant) = standing.permit.tables.get(&name) else {
                continue;
            };
            let domain = |column: &String| grant.columns.get(column)?.domain.clone();
            let stored = self.lake.columns(grant.dataset).await?.into_iter();
            let shape = Shape {
                grant,
                // A job sees a pseudonym in the place of a subject, whatever its type was: text.
                columns: stored.filter(|column| domain(&column.name).is_none()).collect(),
                marginals: of_table(&known, &name),
            };
            let columns = columns.iter().map(|column| (column, domain(column)));
            specs.insert(name, shape.spec(columns));
        }
        Ok(made(&standing.permit, &specs))
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
            .map(|row| std::iter::once("dummy".to_owned()).chain(row).collect())
            .collect(),
    };
    csv.write()
        .map_err(|error| Fault::new("writing a made-up table", error))
}
