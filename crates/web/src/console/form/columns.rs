//! The matrix of tables, columns and uses of a data-use application.

use std::collections::BTreeSet;

use shuyu_domain::{TableUse, port::DatasetRow, value::columns_from_text};
use shuyu_kernel::{RowScope, Use};

use crate::{console::posted::Posted, page::Frame};

/// A table of the matrix.
#[derive(Debug, Clone, Default)]
pub(crate) struct TableMatrix {
    pub table: String,
    pub title: String,
    pub reason: String,
    /// Column and words of the rows that are meant; empty for all rows.
    pub rows_column: String,
    pub rows_words: String,
    pub chosen: bool,
    pub uses: Vec<String>,
    pub columns: Vec<ColumnRow>,
}

/// A column of the matrix.
#[derive(Debug, Clone, Default)]
pub(crate) struct ColumnRow {
    pub name: String,
    pub cells: Vec<UseCell>,
}

/// A box to tick.
#[derive(Debug, Clone, Default)]
pub(crate) struct UseCell {
    pub name: String,
    pub label: String,
    pub word: String,
    pub checked: bool,
}

/// Row-level output means nothing on personal tables, so it is not offered there.
fn offered(row: &DatasetRow) -> Vec<Use> {
    Use::ALL
        .into_iter()
        .filter(|each| row.domain.is_none() || *each != Use::Out)
        .collect()
}

/// The matrix over all tables with the answer ticked.
pub(crate) fn matrix(frame: &Frame, tables: &[DatasetRow], answer: &str) -> Vec<TableMatrix> {
    let applied: Vec<TableUse> = columns_from_text(answer).unwrap_or_default();
    tables
        .iter()
        .map(|row| one(frame, row, applied.iter().find(|table| table.table == row.table)))
        .collect()
}

fn one(frame: &Frame, row: &DatasetRow, applied: Option<&TableUse>) -> TableMatrix {
    let uses = offered(row);
    let word = |each: Use| frame.t(&format!("use-{}", each.name()));
    let none = BTreeSet::new();
    let rows = applied.and_then(|table| table.rows.as_ref());
    let columns = row.columns.iter().map(|column| {
        let ticked = applied
            .and_then(|table| table.columns.get(column))
            .unwrap_or(&none);
        let cells = uses.iter().map(|each| UseCell {
            name: cell_name(&row.table, column, *each),
            label: format!("{column} {}", word(*each)),
            word: word(*each),
            checked: ticked.contains(each),
        });
        ColumnRow {
            name: column.clone(),
            cells: cells.collect(),
        }
    });
    TableMatrix {
        table: row.table.clone(),
        title: frame.tr("dataset-line", &[("version", row.version), ("rows", row.rows)]),
        reason: applied.map(|table| table.reason.clone()).unwrap_or_default(),
        rows_column: rows.map(|rows| rows.column.clone()).unwrap_or_default(),
        rows_words: rows.map(RowScope::words).unwrap_or_default(),
        chosen: applied.is_some(),
        uses: uses.iter().map(|each| word(*each)).collect(),
        columns: columns.collect(),
    }
}

fn cell_name(table: &str, column: &str, each: Use) -> String {
    format!("u.{table}.{column}.{}", each.name())
}

/// The answer as the text a columns field takes.
pub(crate) fn collect(tables: &[DatasetRow], posted: &Posted) -> String {
    let mut lines = Vec::new();
    for row in tables {
        let uses = offered(row);
        let mut columns = Vec::new();
        for column in &row.columns {
            let words: Vec<&str> = uses
                .iter()
                .filter(|each| posted.one(&cell_name(&row.table, column, **each)) == "yes")
                .map(|each| each.name())
                .collect();
            if !words.is_empty() {
                columns.push(format!("{column}: {}", words.join(" ")));
            }
        }
        let reason = posted.one(&format!("r.{}", row.table)).replace(['\n', '|'], " ");
        if columns.is_empty() && reason.trim().is_empty() {
            continue;
        }
        lines.push(format!("{} {} | {}", row.resource, row.table, reason.trim()));
        lines.extend(rows_line(&row.table, posted));
        lines.extend(columns);
    }
    lines.join("\n")
}

/// The rows that are meant, if words were given: people part them by commas as well.
fn rows_line(table: &str, posted: &Posted) -> Option<String> {
    let words = posted.filled(&format!("rw.{table}"))?;
    let words = words.replace(['，', '、', ',', ';', '；', '\n'], " ");
    Some(format!(
        "@ {}: {words}",
        posted.one(&format!("rc.{table}")).trim()
    ))
}

/// What is ticked, in words.
pub(crate) fn summary(tables: &[TableMatrix]) -> String {
    let mut lines = Vec::new();
    for table in tables.iter().filter(|table| table.chosen) {
        lines.push(format!("{} · {}", table.table, table.reason));
        if !table.rows_words.is_empty() {
            lines.push(format!("  {}: {}", table.rows_column, table.rows_words));
        }
        for column in &table.columns {
            let uses: Vec<&str> = column
                .cells
                .iter()
                .filter(|cell| cell.checked)
                .map(|cell| cell.word.as_str())
                .collect();
            if !uses.is_empty() {
                lines.push(format!("  {}: {}", column.name, uses.join(" · ")));
            }
        }
    }
    lines.join("\n")
}

/// A matrix for the tests of the pages.
#[cfg(test)]
pub(crate) fn sample(text: &str) -> Vec<TableMatrix> {
    let cell = UseCell {
        name: "u.t.c.group".to_owned(),
        label: text.to_owned(),
        word: text.to_owned(),
        checked: true,
    };
    vec![TableMatrix {
        table: "t".to_owned(),
        title: text.to_owned(),
        reason: text.to_owned(),
        rows_column: text.to_owned(),
        rows_words: text.to_owned(),
        chosen: true,
        uses: vec![text.to_owned()],
        columns: vec![ColumnRow {
            name: text.to_owned(),
            cells: vec![cell],
        }],
    }]
}

#[cfg(test)]
mod tests {
    use shuyu_kernel::Id;

    use super::*;

    fn row(domain: Option<&str>) -> DatasetRow {
        DatasetRow {
            dataset: Id::from_bits(1),
            table: "income".to_owned(),
            resource: Id::from_bits(2),
            version: 1,
            rows: 10,
            domain: domain.map(str::to_owned),
            rows_per_unit: 1,
            unit_columns: Vec::new(),
            columns: vec!["region".to_owned(), "a.b".to_owned()],
            examined: None,
            as_of: 0,
        }
    }

    fn posted(pairs: &[(&str, &str)]) -> Posted {
        Posted {
            values: pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            ..Posted::default()
        }
    }

    #[test]
    fn ticks_become_the_text_the_field_reads_back() {
        let sent = posted(&[
            ("u.income.region.group", "yes"),
            ("u.income.region.filter", "yes"),
            ("u.income.a.b.measure", "yes"),
            ("u.income.region.out", "yes"),
            ("r.income", "needed | for\nthe model"),
        ]);
        let text = collect(&[row(Some("person"))], &sent);
        let tables = columns_from_text(&text).unwrap();
        assert_eq!(tables.len(), 1);
        assert_eq!(tables[0].reason, "needed   for the model");
        // Output of rows is not offered on personal tables, so a forged tick is left out.
        assert_eq!(tables[0].columns["region"], [Use::Group, Use::Filter].into());
        assert_eq!(tables[0].columns["a.b"], [Use::Measure].into());
    }

    #[test]
    fn some_rows_are_asked_for_by_words() {
        let sent = posted(&[
            ("u.income.region.group", "yes"),
            ("r.income", "one county"),
            ("rc.income", "region"),
            ("rw.income", "110101，5301* 、110102"),
        ]);
        let text = collect(&[row(Some("person"))], &sent);
        let tables = columns_from_text(&text).unwrap();
        let rows = tables[0].rows.as_ref().unwrap();
        assert_eq!(rows.to_string(), "region: 110101 110102 5301*");
        // Words without a column are an error, and not all rows.
        let sent = posted(&[("r.income", "one county"), ("rw.income", "110101")]);
        assert_eq!(columns_from_text(&collect(&[row(Some("person"))], &sent)), None);
    }

    #[test]
    fn nothing_ticked_is_no_answer() {
        assert_eq!(collect(&[row(None)], &posted(&[("r.income", "  ")])), "");
    }
}
