//! A lake whose checks find three bad rows by the first rule.

use async_trait::async_trait;
use shuyu_app::port::{Cancel, CheckOrder, Checking, DataError, OnProgress, VersionOrder};
use shuyu_kernel::Refusal;
use shuyu_privacy::governance::quality::{ColumnRule, Found, Outcome, RuleText};

use super::Pond;

/// Rows of every version.
const ROWS: u64 = 100;

#[async_trait]
impl Checking for Pond {
    async fn declared_rules(&self, _: VersionOrder) -> Result<Vec<RuleText>, DataError> {
        Ok(vec![RuleText {
            column: "id_no".to_owned(),
            rule: "present".to_owned(),
            ..RuleText::default()
        }])
    }
    async fn checkable(&self, _: VersionOrder, rules: &[RuleText]) -> Result<u64, DataError> {
        rules
            .iter()
            .try_for_each(|rule| ColumnRule::read(rule).map(|_| ()))?;
        Ok(ROWS)
    }
    async fn check(&self, order: CheckOrder, _: OnProgress, _: Cancel) -> Result<Outcome, DataError> {
        if self.told().stops_checks {
            return Err(Refusal::conflict("ingest_cancelled").into());
        }
        let rows = order.sample.map_or(order.rows, |(_, size)| size);
        let found = order.rules.iter().enumerate().map(|(index, text)| {
            let rule = ColumnRule::read(text)?;
            let first = if index == 0 { vec![7, 8, 9] } else { Vec::new() };
            Ok(Found {
                column: rule.column,
                rule: text.rule.clone(),
                dimension: rule.rule.dimension(),
                checked: rows,
                bad: first.len() as u64,
                at_most: rule.at_most,
                first,
            })
        });
        Ok(Outcome {
            rows,
            bad_rows: 3,
            found: found.collect::<Result<_, Refusal>>()?,
        })
    }
}
