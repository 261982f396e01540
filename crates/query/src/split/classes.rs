//! Classes: what a sensitive column or a measure, as key or filter, makes of the cell without it (G3, A4.4).

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch},
    datatypes::{Field, Int64Type, Schema},
};
use datafusion::{
    common::{Column, Result, exec_err},
    logical_expr::{Expr, LogicalPlan},
};
use shuyu_privacy::ClassColumns;

use super::{
    calls::count_distinct,
    cells::rows_by_key,
    lower::{Builder, SUBJECTS, UNIT, bare, name},
};
use crate::check::{
    mixed::speaks,
    plan::cell_column,
    relation::{Relation, columns_of},
    release::Release,
};

/// Plans for one such column. Each yields some keys of the cells and then a number of subjects.
pub(crate) struct Class {
    /// Subjects of the cells without the column; keyed by `outer`.
    pub within: LogicalPlan,
    /// Subjects that what is said about the column holds for; keyed by `inner`.
    pub class: LogicalPlan,
    /// All subjects.
    pub everybody: LogicalPlan,
    outer: Vec<usize>,
    inner: Vec<usize>,
}

/// The hidden columns of the n-th class.
pub(crate) fn columns(index: usize) -> ClassColumns {
    ClassColumns {
        share: name("class_share", index),
        base: name("class_base", index),
    }
}

impl Builder<'_> {
    /// One for every sensitive column and measure that a key or a filter reads.
    pub(super) fn classes(&self) -> Result<Vec<Class>> {
        let release = self.release;
        let filters = release.relation.filters_of_all();
        let read = release.keys.iter().chain(filters).flat_map(columns_of);
        let read: BTreeMap<String, Column> = read.filter(|(_, c)| speaks(&release.relation, c)).collect();
        read.keys().map(|column| self.class(column)).collect()
    }

    fn class(&self, column: &str) -> Result<Class> {
        let about = |expr: &Expr| columns_of(expr).contains_key(column);
        // What is usual is asked of everybody, and not of whom somebody chose.
        let people = self.release.relation.without_own();
        let (inner, outer): (Vec<usize>, Vec<usize>) =
            (0..self.release.keys.len()).partition(|key| self.release.keys.get(*key).is_some_and(about));
        Ok(Class {
            within: self.part(self.release.relation.without(&about), &outer)?,
            class: self.part(under(&people, &about), &inner)?,
            everybody: self.part(under(&people, &|_| false), &[])?,
            outer,
            inner,
        })
    }

    /// Subjects of a relation by some of the keys.
    fn part(&self, relation: Relation, keys: &[usize]) -> Result<LogicalPlan> {
        let release = Release {
            relation,
            keys: keys
                .iter()
                .filter_map(|key| self.release.keys.get(*key).cloned())
                .collect(),
            sets: None,
            parts: Vec::new(),
            figures: Vec::new(),
            ..self.release.clone()
        };
        let builder = Builder {
            release: &release,
            source: self.source,
            least: Arc::clone(&self.least),
        };
        let named = builder
            .keys()
            .into_iter()
            .enumerate()
            .map(|(i, key)| key.alias(cell_column(i)));
        let columns: Vec<Expr> = named.chain([bare(SUBJECTS)]).collect();
        builder
            .rows(Vec::new())?
            .aggregate(builder.keys(), vec![count_distinct(bare(UNIT)).alias(SUBJECTS)])?
            .project(columns)?
            .build()
    }
}

/// The relation under some of its conditions.
fn under(relation: &Relation, kept: &dyn Fn(&Expr) -> bool) -> Relation {
    let mut relation = relation.clone();
    relation.retain(kept);
    relation
}

/// The cells with the two shares of a class.
///
/// # Errors
/// When batches do not fit each other.
pub(crate) fn with_shares(
    cells: &RecordBatch,
    index: usize,
    class: &Class,
    [within, held, everybody]: [RecordBatch; 3],
) -> Result<RecordBatch> {
    let subjects = counts(cells)?;
    let all = counts(&everybody)?.first().copied().unwrap_or(0.0);
    let larger = looked_up(cells, &class.outer, &within)?;
    let usual = looked_up(cells, &class.inner, &held)?;
    let share = subjects.iter().zip(&larger).map(|(n, of)| of.map(|of| n / of));
    let base = usual.iter().map(|n| n.map(|n| n / all));
    let names = columns(index);
    let mut fields = cells.schema().fields().to_vec();
    let mut arrays = cells.columns().to_vec();
    let further: [(String, Float64Array); 2] = [(names.share, share.collect()), (names.base, base.collect())];
    for (name, array) in further {
        fields.push(Arc::new(Field::new(name, array.data_type().clone(), true)));
        arrays.push(Arc::new(array));
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
}

fn counts(batch: &RecordBatch) -> Result<Vec<f64>> {
    let column = batch
        .column_by_name(SUBJECTS)
        .and_then(|c| c.as_primitive_opt::<Int64Type>());
    match column {
        Some(column) => Ok(column.iter().map(|n| n.unwrap_or(0) as f64).collect()),
        None => exec_err!("cells without subjects"),
    }
}

/// For every cell, the number that another batch has for some of its keys.
fn looked_up(cells: &RecordBatch, keys: &[usize], other: &RecordBatch) -> Result<Vec<Option<f64>>> {
    let numbers = counts(other)?;
    if keys.is_empty() {
        return Ok(vec![numbers.first().copied(); cells.num_rows()]);
    }
    let columns: Vec<ArrayRef> = keys.iter().map(|key| Arc::clone(cells.column(*key))).collect();
    let theirs = rows_by_key(&other.columns()[..keys.len()])?;
    let theirs: BTreeMap<Vec<u8>, u32> = theirs.into_iter().map(|(row, key)| (key, row)).collect();
    let ours = rows_by_key(&columns)?;
    let found = ours.iter().map(|(_, key)| {
        let place = theirs.get(key).map(|place| *place as usize);
        place.and_then(|place| numbers.get(place).copied())
    });
    Ok(found.collect())
}
