//! Classes: what a sensitive column or a measure, as key or filter, makes of the cell without it (G3, A4.4), and of each
//! side of a branch without it: a group may stand in a FILTER or in the condition of an outer join as well.

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
    cells::rows_by_key,
    lower::{Builder, SUBJECTS, UNIT, bare, name},
};
use crate::check::{
    mixed::speaks,
    plan::cell_column,
    relation::{Relation, columns_of},
    release::Release,
};

const VALUE: &str = "value";

/// Plans for one such column. Each yields some keys of the cells and then a number of subjects.
pub(crate) struct Class {
    /// Subjects of the cells without the column; keyed by `outer`.
    pub within: LogicalPlan,
    /// Subjects that what is said about the column holds for; keyed by `inner`.
    pub class: LogicalPlan,
    /// All subjects.
    pub everybody: LogicalPlan,
    /// Subjects of the sides of branches without the column, by part; keyed by `outer`.
    pub sides: Vec<(usize, LogicalPlan)>,
    /// Who is in a cell is decided by it, and not only who is in a side.
    of_cells: bool,
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

/// The same for the side of a branch that is the part with this number.
pub(super) fn side(index: usize, part: usize) -> ClassColumns {
    ClassColumns {
        share: format!("class_share{index}_side{part}"),
        base: columns(index).base,
    }
}

impl Builder<'_> {
    /// One for every sensitive column and measure that a key or a condition reads.
    pub(super) fn classes(&self) -> Result<Vec<Class>> {
        let release = self.release;
        let relation = &release.relation;
        let keys = || release.keys.iter();
        let spoken = |exprs: &mut dyn Iterator<Item = &Expr>| -> BTreeMap<String, Column> {
            let read = exprs.flat_map(columns_of);
            read.filter(|(_, column)| speaks(relation, column)).collect()
        };
        let of_cells = spoken(&mut keys().chain(relation.filters_of_all()));
        let all = spoken(&mut keys().chain(relation.conditions_of_all()));
        all.keys()
            .map(|column| self.class(column, of_cells.contains_key(column)))
            .collect()
    }

    fn class(&self, column: &str, of_cells: bool) -> Result<Class> {
        let about = |expr: &Expr| columns_of(expr).contains_key(column);
        // What is usual is asked of everybody, and not of whom somebody chose.
        let people = self.release.relation.without_own();
        let (inner, outer): (Vec<usize>, Vec<usize>) =
            (0..self.release.keys.len()).partition(|key| self.release.keys.get(*key).is_some_and(about));
        Ok(Class {
            within: self.part(self.release.relation.without(&about), &outer)?,
            class: self.part(people.only(&about), &inner)?,
            everybody: self.part(people.only(&|_| false), &[])?,
            sides: self.sides(&about, &outer)?,
            of_cells,
            outer,
            inner,
        })
    }

    /// Subjects of each side of a branch, by some of the keys, as far as nothing is said about the column.
    fn sides(&self, about: &dyn Fn(&Expr) -> bool, keys: &[usize]) -> Result<Vec<(usize, LogicalPlan)>> {
        let branches = self.parts().filter(|(_, part)| part.is_side());
        let sides = branches.map(|(place, part)| {
            let mut relation = self.release.relation.clone();
            relation.filters.extend(part.guards.iter().cloned());
            let value = part.core.as_ref().map(|core| &core.value);
            // That the column itself has a value is said about it too.
            let value = value.filter(|value| !about(value)).cloned();
            Ok((place, self.with_value(relation.without(about), keys, value)?))
        });
        sides.collect()
    }

    /// Subjects of a relation by some of the keys.
    fn part(&self, relation: Relation, keys: &[usize]) -> Result<LogicalPlan> {
        self.with_value(relation, keys, None)
    }

    /// Subjects of a relation by some of the keys, as far as they have a value.
    fn with_value(&self, relation: Relation, keys: &[usize], value: Option<Expr>) -> Result<LogicalPlan> {
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
        let rows = match value {
            None => builder.rows(Vec::new())?,
            Some(value) => builder
                .rows(vec![value.alias(VALUE)])?
                .filter(bare(VALUE).is_not_null())?,
        };
        rows.aggregate(builder.keys(), vec![builder.subjects(bare(UNIT)).alias(SUBJECTS)])?
            .project(columns)?
            .build()
    }
}

/// The cells with the shares of a class: of the cell and of everybody, and of the sides of branches.
///
/// # Errors
/// When batches do not fit each other.
pub(crate) fn with_shares(
    cells: &RecordBatch,
    index: usize,
    class: &Class,
    ([within, held, everybody], sides): ([&RecordBatch; 3], Vec<RecordBatch>),
) -> Result<RecordBatch> {
    let subjects = counts(cells, SUBJECTS)?;
    let all = counts(everybody, SUBJECTS)?.first().copied().unwrap_or(0.0);
    let larger = looked_up(cells, &class.outer, within)?;
    let usual = looked_up(cells, &class.inner, held)?;
    let share = |of: &[f64], larger: &[Option<f64>]| -> Float64Array {
        let each = of.iter().zip(larger);
        each.map(|(n, of)| of.map(|of| n / of)).collect()
    };
    let base = usual.iter().map(|n| n.map(|n| n / all));
    let names = columns(index);
    let mut fields = cells.schema().fields().to_vec();
    let mut arrays = cells.columns().to_vec();
    let cells_share = match class.of_cells {
        true => share(&subjects, &larger),
        false => vec![0.0; cells.num_rows()].into(),
    };
    let mut further = vec![(names.share, cells_share), (names.base, base.collect())];
    for ((part, _), batch) in class.sides.iter().zip(sides) {
        let with = counts(cells, &name("with", *part))?;
        let larger = looked_up(cells, &class.outer, &batch)?;
        further.push((side(index, *part).share, share(&with, &larger)));
    }
    for (name, array) in further {
        fields.push(Arc::new(Field::new(name, array.data_type().clone(), true)));
        arrays.push(Arc::new(array));
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
}

fn counts(batch: &RecordBatch, column: &str) -> Result<Vec<f64>> {
    let column = batch
        .column_by_name(column)
        .and_then(|c| c.as_primitive_opt::<Int64Type>());
    match column {
        Some(column) => Ok(column.iter().map(|n| n.unwrap_or(0) as f64).collect()),
        None => exec_err!("cells without subjects"),
    }
}

/// For every cell, the number that another batch has for some of its keys.
fn looked_up(cells: &RecordBatch, keys: &[usize], other: &RecordBatch) -> Result<Vec<Option<f64>>> {
    let numbers = counts(other, SUBJECTS)?;
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
