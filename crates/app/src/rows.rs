//! Which column may tell the rows of a table apart (row policy), asked when an application is filed and whenever its
//! permit is used: a later version may have lost the column.

use shuyu_domain::{Value, port::DatasetRow};
use shuyu_kernel::{Refusal, RowScope};
use shuyu_profile::Field;

use crate::{App, Stop, noting::echo};

/// Names of columns that the engine keeps to itself begin so.
const HIDDEN: &str = "__";

/// Whether a column of this version tells rows apart: it is there, and it names nobody. A scope is of a group, such as a
/// county or a year.
pub(crate) fn told(row: &DatasetRow, scope: &RowScope) -> bool {
    let names = |columns: &[String]| columns.contains(&scope.column);
    let naming = row.examined.as_ref().map(|found| found.naming.as_slice());
    names(&row.columns)
        && !scope.column.starts_with(HIDDEN)
        && !names(&row.unit_columns)
        && !names(naming.unwrap_or_default())
}

/// Refuses a scope by a column that tells no rows apart.
///
/// # Errors
/// `rows_not_told`.
pub(crate) fn check(row: &DatasetRow, scope: Option<&RowScope>) -> Result<(), Refusal> {
    match scope.filter(|scope| !told(row, scope)) {
        None => Ok(()),
        Some(scope) => Err(Refusal::conflict("rows_not_told")
            .fact("table", &row.table)
            .fact("column", echo(&scope.column))),
    }
}

impl App {
    /// The same for the tables of an application, as they are filed. A table that has no version yet is asked later.
    pub(crate) async fn rows_told(&self, field: &Field, value: &Value) -> Result<(), Stop> {
        let Value::Columns(tables) = value else {
            return Ok(());
        };
        if tables.iter().all(|table| table.rows.is_none()) {
            return Ok(());
        }
        let datasets = self.record.datasets(None).await?;
        for table in tables {
            let known = datasets
                .iter()
                .find(|row| row.table == table.table && row.resource == table.resource);
            known
                .map_or(Ok(()), |row| check(row, table.rows.as_ref()))
                .map_err(|refusal| refusal.citing(field.basis.clauses()))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use shuyu_domain::event::Examined;
    use shuyu_kernel::Id;

    use super::*;

    #[test]
    fn rows_are_told_by_a_column_that_is_there_and_names_nobody() {
        let columns = ["id_no", "county", "phone", "__set"].map(str::to_owned);
        let row = DatasetRow {
            dataset: Id::from_bits(1),
            table: "person".to_owned(),
            resource: Id::from_bits(1),
            version: 1,
            rows: 1,
            domain: Some("person".to_owned()),
            rows_per_unit: 1,
            unit_columns: vec!["id_no".to_owned()],
            columns: columns.to_vec(),
            examined: Some(Examined {
                naming: vec!["phone".to_owned()],
                ..Examined::default()
            }),
            as_of: 1,
        };
        for (column, told) in [
            ("county", true),
            ("id_no", false),
            ("phone", false),
            ("__set", false),
            ("year", false),
        ] {
            let scope = format!("{column}: 53*").parse().unwrap();
            let code = check(&row, Some(&scope)).err().map(|refusal| refusal.code);
            assert_eq!(code.is_none(), told, "{column}");
        }
        assert_eq!(check(&row, None), Ok(()));
    }
}
