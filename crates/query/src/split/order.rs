//! The values of each cell with their subjects, for quantiles.

use arrow::{
    array::{Array, AsArray, RecordBatch},
    datatypes::Float64Type,
};
use datafusion::common::{Result, exec_err};

use super::{
    further::VALUE,
    sums::{Places, units},
};

/// The values of each cell. Never leave.
pub(crate) struct Ranks<'a> {
    places: &'a Places,
    /// By cell: values with their subjects.
    pub found: Vec<Vec<(f64, u64)>>,
    left: usize,
}

impl<'a> Ranks<'a> {
    /// For the cells of some places. At most `most` values are held at a time.
    pub fn new(places: &'a Places, cells: usize, most: usize) -> Self {
        Self {
            places,
            found: vec![Vec::new(); cells],
            left: most,
        }
    }

    /// Reads rows of the plan.
    ///
    /// # Errors
    /// When the batch is another one, or when there is too much of it.
    pub fn read(&mut self, batch: &RecordBatch) -> Result<()> {
        let (places, units) = (self.places.of(batch)?, units(batch)?);
        let values = batch
            .column_by_name(VALUE)
            .and_then(|c| c.as_primitive_opt::<Float64Type>());
        let Some(values) = values else {
            return exec_err!("ranks without values");
        };
        for (row, place) in places.iter().enumerate() {
            let Some(found) = place.and_then(|place| self.found.get_mut(place)) else {
                continue;
            };
            if values.is_null(row) {
                continue;
            }
            let Some(left) = self.left.checked_sub(1) else {
                return exec_err!("too many values");
            };
            self.left = left;
            found.push((values.value(row), units.value(row)));
        }
        Ok(())
    }
}
