//! Checks of quality: the pure rules of `privacy` over the batches of the lake.

use arrow::array::RecordBatch;
use async_trait::async_trait;
use shuyu_app::port::{Cancel, CheckOrder, Checking, DataError, OnProgress, VersionOrder};
use shuyu_lake::{ColumnSpec, Snapshot};
use shuyu_privacy::governance::quality::{Check, Outcome, RuleText, draw};

use super::{
    governance::read,
    lake::{LakeAdapter, data_error},
};

impl LakeAdapter {
    async fn stored(&self, order: VersionOrder) -> Result<Snapshot, DataError> {
        let version = Some(order.version);
        self.lake
            .snapshot(order.dataset, version)
            .await
            .map_err(data_error)
    }
}

#[async_trait]
impl Checking for LakeAdapter {
    async fn declared_rules(&self, order: VersionOrder) -> Result<Vec<RuleText>, DataError> {
        let source = self.stored(order).await?;
        let record = &source.version().record;
        let unit = record.unit.as_ref().map(|unit| unit.columns.as_slice());
        let names = |column: &ColumnSpec| {
            let mut identifying = record.schema.key.iter().chain(unit.unwrap_or_default());
            identifying.any(|name| *name == column.name)
        };
        let rules = record.schema.columns.iter().flat_map(|column| {
            let rule = |rule: &str, value: String| RuleText {
                column: column.name.clone(),
                rule: rule.to_owned(),
                value,
                at_most: 0,
            };
            let there = (column.required || names(column)).then(|| rule("present", String::new()));
            let codes: Vec<&str> = column.allowed.iter().map(String::as_str).collect();
            let codes = (!codes.is_empty()).then(|| rule("one_of", codes.join(",")));
            let end = |end: &Option<String>| end.clone().unwrap_or_default();
            let range = (column.min.is_some() || column.max.is_some())
                .then(|| rule("between", format!("{}..{}", end(&column.min), end(&column.max))));
            [there, codes, range].into_iter().flatten()
        });
        Ok(rules.collect())
    }

    async fn checkable(&self, order: VersionOrder, rules: &[RuleText]) -> Result<u64, DataError> {
        let source = self.stored(order).await?;
        Check::new(rules, &source.schema(), None, 0)?;
        Ok(source.row_count())
    }

    async fn check(
        &self,
        order: CheckOrder,
        on_progress: OnProgress,
        cancel: Cancel,
    ) -> Result<Outcome, DataError> {
        let source = self.stored(order.version).await?;
        let sample = order.sample.map(|(seed, size)| draw(seed, order.rows, size));
        let work = Check::new(&order.rules, &source.schema(), sample, order.age)?;
        let named = work.columns();
        // Rows are counted by what is read of them.
        let columns = (!named.is_empty()).then_some(named.as_slice());
        let take = |mut work: Check, batch: RecordBatch| {
            work.take(&batch);
            Ok(work)
        };
        let work = read(&source, columns, (work, take), (on_progress, cancel)).await?;
        Ok(work.finish())
    }
}
