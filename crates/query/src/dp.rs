//! The run path of mode `dp`, beside that of the gate: one row per cell and subject in, noisy cells out.
//!
//! Nothing of the data decides what happens but through sums with noise: no dominance, no comparison with earlier
//! answers, no threshold on exact numbers save that of k, which is part of the proof (`shuyu_privacy::dp`). What leaves is
//! entered into the release ledger, so that answers of the gate are compared with it.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch, StringArray, UInt64Array},
    compute,
    datatypes::{DataType, Field, Float64Type, Int64Type, Schema, SchemaRef, UInt64Type},
    row::{RowConverter, SortField},
};
use datafusion::common::{Result, exec_err};
use futures::StreamExt;
use shuyu_privacy::{
    Contribution, Contributions, Draft, GateKey, Kind, Sought, Statistic, Tally,
    dp::{Amount, Noisy, Random, Subjects, bounded},
};

use crate::{
    check::{
        plan::cell_column,
        private::{Planned, Private, Read, Sum},
        release::Release,
    },
    engine::{Engine, Work},
    functions, session,
    split::{bounded as lower, cells},
};

/// A cell that leaves: its key, its place, and its noisy sums.
type Kept<'a> = (&'a [u8], u32, Noisy);

/// The source of randomness of an installation.
#[derive(Clone, Default)]
pub(crate) struct Randomness(pub Option<Arc<dyn Random>>);

impl std::fmt::Debug for Randomness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Randomness(…)")
    }
}

impl Engine {
    /// The engine with a cryptographic source of randomness. Without one it answers nothing in mode `dp`.
    #[must_use]
    pub fn drawing_from(mut self, random: Arc<dyn Random>) -> Self {
        self.random = Randomness(Some(random));
        self
    }
}

impl Work {
    /// Runs the lower plan, bounds what subjects add, draws noise, and puts together what leaves.
    pub(crate) async fn privately(
        &self,
        release: &Release,
        private: &Private,
        schema: &SchemaRef,
        draft: &mut Draft<'_>,
    ) -> Result<RecordBatch> {
        let Some(random) = &self.random.0 else {
            return exec_err!("no source of randomness");
        };
        let random = random.as_ref();
        let least = functions::least_subjects(self.sealed.thresholds(), &self.key);
        let plan = lower::build(release, &self.source, least)?;
        let session = session::executor(self.limits.memory_bytes, self.limits.partitions)?;
        let mut stream = self.stream(&session, &plan).await?;
        let mut gathering = Gathering::new(release, private, &stream.schema(), self.limits.memory_bytes)?;
        while let Some(batch) = stream.next().await {
            self.goes_on()?;
            gathering.read(&batch?)?;
        }
        let counting = bounded(&gathering.subjects, &private.design, &gathering.ranks(random));
        let exact = counting.totals(gathering.places.len(), private.sums.len());
        private.draws();
        let mut kept: Vec<Kept<'_>> = Vec::new();
        for (key, place) in &gathering.places {
            let cell = exact.get(*place as usize);
            if let Some(noisy) = cell.and_then(|cell| private.design.release(cell, random)) {
                kept.push((key, *place, noisy));
            }
        }
        let visible = gathering.visible(release, private, &kept)?;
        self.enter(draft, release, private, (&counting, &kept));
        cells::in_types(&visible, schema)
    }

    /// What left, as entries of the release ledger (M1).
    fn enter(
        &self,
        draft: &mut Draft<'_>,
        release: &Release,
        private: &Private,
        (counting, kept): (&Subjects, &[Kept<'_>]),
    ) {
        let thresholds = self.sealed.thresholds();
        let mut lines: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (line, place) in counting.cells.iter().enumerate() {
            lines.entry(*place).or_default().push(line);
        }
        for (_, place, noisy) in kept {
            let lines = lines.get(place).map_or(&[][..], Vec::as_slice);
            for (number, sum) in private.sums.iter().enumerate() {
                let contributions = contributions(sum, number, counting, lines, private.sums.len());
                let tally = Tally::of(&contributions, thresholds.k.value);
                let sought = Sought {
                    family: &sum.family,
                    kind: if matches!(sum.read, Read::Total(_)) {
                        Kind::Sum
                    } else {
                        Kind::Count
                    },
                    contributions: &contributions,
                    tally: &tally,
                    one_row: !release.subject.many_rows,
                    // The mode refuses own lists.
                    fused: false,
                    groups: &[],
                };
                draft.enter(&sought, amount(noisy, sum.amount, number));
            }
        }
    }
}

/// What each subject of a cell contributes to a sum; nobody who has none of it.
fn contributions(
    sum: &Sum,
    number: usize,
    counting: &Subjects,
    lines: &[usize],
    sums: usize,
) -> Contributions {
    let of = |line: &usize| {
        let steps = counting.line(*line, sums).get(number).copied()?;
        let missing = matches!(sum.read, Read::Has(_) | Read::Values(_)) && steps == 0;
        let unit = counting.units.get(*line).copied()?;
        (!missing).then(|| Contribution {
            unit,
            amount: steps as f64 / sum.amount.steps(),
        })
    };
    lines.iter().filter_map(of).collect()
}

/// A noisy sum in the unit of what is shown.
fn amount(noisy: &Noisy, amount: Amount, number: usize) -> f64 {
    noisy.sums.get(number).copied().unwrap_or(0) as f64 / amount.steps()
}

/// What subjects have, read from the lower plan.
struct Gathering<'a> {
    private: &'a Private,
    keys: usize,
    converter: Option<RowConverter>,
    /// Cells by key.
    places: BTreeMap<Vec<u8>, u32>,
    subjects: Subjects,
    left: usize,
}

impl<'a> Gathering<'a> {
    /// Nothing yet: one cell if there are no keys, all cells of declared ones, else none.
    fn new(release: &Release, private: &'a Private, schema: &Arc<Schema>, memory: usize) -> Result<Self> {
        let keys = release.keys.len();
        let fields = schema.fields().iter().take(keys);
        let types: Vec<DataType> = fields.map(|field| field.data_type().clone()).collect();
        let mut places = BTreeMap::new();
        let converter = match keys {
            0 => {
                places.insert(Vec::new(), 0);
                None
            }
            _ => Some(RowConverter::new(
                types.iter().cloned().map(SortField::new).collect(),
            )?),
        };
        if let (Some(converter), Some(declared)) = (&converter, &private.declared) {
            for key in all_keys(converter, declared, &types)? {
                let next = u32::try_from(places.len()).unwrap_or(u32::MAX);
                places.entry(key).or_insert(next);
            }
        }
        // Half of the memory.
        let line = size_of::<u64>() + size_of::<u32>() + size_of::<i64>() * private.sums.len();
        Ok(Self {
            private,
            keys,
            converter,
            places,
            subjects: Subjects::default(),
            left: memory / 4 / line,
        })
    }

    fn read(&mut self, batch: &RecordBatch) -> Result<()> {
        let keys = match &self.converter {
            None => None,
            Some(converter) => Some(converter.convert_columns(&batch.columns()[..self.keys])?),
        };
        let Some(units) = batch
            .column_by_name(lower::SUBJECT)
            .and_then(|column| column.as_primitive_opt::<UInt64Type>())
        else {
            return exec_err!("subjects without units");
        };
        let sums = self.private.sums.iter();
        let columns: Vec<Column> = sums.map(|sum| Column::of(batch, sum)).collect::<Result<_>>()?;
        for row in 0..batch.num_rows() {
            let key = keys.as_ref().map_or(&[][..], |keys| keys.row(row).data());
            let place = match self.places.get(key) {
                Some(place) => *place,
                // A value that is not declared has no cell.
                None if self.private.declared.is_some() => continue,
                None => {
                    let next = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
                    self.places.insert(key.to_vec(), next);
                    next
                }
            };
            let Some(left) = self.left.checked_sub(1) else {
                return exec_err!("too many contributions");
            };
            self.left = left;
            self.subjects.units.push(units.value(row));
            self.subjects.cells.push(place);
            self.subjects
                .amounts
                .extend(columns.iter().map(|column| column.steps(row)));
        }
        Ok(())
    }

    /// For each cell a number that follows from its key and a salt of this run, and from nothing else.
    fn ranks(&self, random: &dyn Random) -> Vec<u64> {
        let mut salt = [0; 32];
        random.fill(&mut salt);
        let salt = GateKey::new(salt);
        let mut ranks = vec![0; self.places.len()];
        for (key, place) in &self.places {
            if let Some(rank) = ranks.get_mut(*place as usize) {
                *rank = salt.value("which cells count", &[key]);
            }
        }
        ranks
    }

    /// Keys and figures of the cells that leave, in the order of their keys.
    fn visible(
        &self,
        release: &Release,
        private: &Private,
        kept: &[(&[u8], u32, Noisy)],
    ) -> Result<RecordBatch> {
        let mut columns: Vec<ArrayRef> = Vec::new();
        if let Some(converter) = &self.converter {
            let parser = converter.parser();
            columns = converter.convert_rows(kept.iter().map(|(key, ..)| parser.parse(key)))?;
        }
        for (figure, planned) in release.figures.iter().zip(&private.figures) {
            let value = |(_, _, noisy): &(&[u8], u32, Noisy)| shown(planned, noisy, private);
            let numbers: Float64Array = kept.iter().map(value).collect();
            let whole = figure.data_type.is_integer();
            let numbers: Float64Array = if whole { numbers.unary(f64::round) } else { numbers };
            columns.push(compute::cast(&numbers, &figure.data_type)?);
        }
        let field = |(index, column): (usize, &ArrayRef)| {
            Field::new(cell_column(index), column.data_type().clone(), true)
        };
        let fields: Vec<Field> = columns.iter().enumerate().map(field).collect();
        let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(kept.len()));
        Ok(RecordBatch::try_new_with_options(
            Arc::new(Schema::new(fields)),
            columns,
            &options,
        )?)
    }
}

/// A figure from noisy sums: a number of subjects or rows is not below nothing.
fn shown(planned: &Planned, noisy: &Noisy, private: &Private) -> Option<f64> {
    let sum = |number: usize| {
        let amount_of = private.sums.get(number).map_or(Amount::One, |sum| sum.amount);
        amount(noisy, amount_of, number)
    };
    let value = planned.counted.of(sum);
    Some(match planned.statistic {
        Statistic::Rows | Statistic::Values | Statistic::Distinct => value.max(0.0),
        Statistic::Sum | Statistic::Mean | Statistic::Share | Statistic::Extreme => value,
    })
}

/// What subjects have of one sum, in a batch of the lower plan.
enum Column {
    One,
    /// One if there is any.
    Has(arrow::array::Int64Array),
    Whole(arrow::array::Int64Array),
    Fraction(Float64Array, f64),
}

impl Column {
    fn of(batch: &RecordBatch, sum: &Sum) -> Result<Self> {
        let name = match sum.read {
            Read::One => return Ok(Self::One),
            Read::Rows => lower::ROWS.to_owned(),
            Read::Has(part) | Read::Values(part) => lower::values(part),
            Read::Total(part) => lower::total(part),
        };
        let Some(column) = batch.column_by_name(&name) else {
            return exec_err!("subjects without amounts");
        };
        if column.data_type().is_floating() {
            let column = compute::cast(column, &DataType::Float64)?;
            return Ok(Self::Fraction(
                column.as_primitive::<Float64Type>().clone(),
                sum.amount.steps(),
            ));
        }
        let column = compute::cast(column, &DataType::Int64)?;
        let column = column.as_primitive::<Int64Type>().clone();
        Ok(match sum.read {
            Read::Has(_) => Self::Has(column),
            Read::One | Read::Rows | Read::Values(_) | Read::Total(_) => Self::Whole(column),
        })
    }

    /// In steps. What is missing is nothing, what is no number too.
    fn steps(&self, row: usize) -> i64 {
        match self {
            Self::One => 1,
            Self::Has(column) => i64::from(column.is_valid(row) && column.value(row) > 0),
            Self::Whole(column) if column.is_null(row) => 0,
            Self::Whole(column) => column.value(row),
            Self::Fraction(column, _) if column.is_null(row) => 0,
            // A conversion to a whole number keeps within its limits.
            Self::Fraction(column, steps) => (column.value(row) * steps).round() as i64,
        }
    }
}

/// Most cells that declared values may make (platform choice).
const MOST_DECLARED: usize = 10_000;

/// The keys of all cells that declared values make.
fn all_keys(converter: &RowConverter, declared: &[Vec<String>], types: &[DataType]) -> Result<Vec<Vec<u8>>> {
    let all: usize = declared.iter().map(Vec::len).fold(1, usize::saturating_mul);
    if all > MOST_DECLARED {
        return exec_err!("too many declared cells");
    }
    let mut columns: Vec<ArrayRef> = Vec::new();
    let mut repeated = all;
    for (values, data_type) in declared.iter().zip(types) {
        repeated /= values.len().max(1);
        let places = (0..all as u64).map(|cell| cell / repeated.max(1) as u64 % values.len().max(1) as u64);
        let values: ArrayRef = Arc::new(StringArray::from_iter_values(values));
        let values = compute::cast(&values, data_type)?;
        columns.push(compute::take(
            &values,
            &UInt64Array::from_iter_values(places),
            None,
        )?);
    }
    let rows = converter.convert_columns(&columns)?;
    Ok(rows.iter().map(|row| row.data().to_vec()).collect())
}
