//! Reads the columns of a batch of cells by name and type.

use arrow::{
    array::{ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, UInt64Array},
    datatypes::{Float64Type, Int64Type, UInt64Type},
    error::ArrowError,
};

use crate::{
    gate::{ClassColumns, DomainColumns, HiddenColumns, StatisticColumns},
    release::SetKey,
};

pub(crate) struct StatisticArrays {
    pub contributors: Option<Int64Array>,
    pub nonzero: Option<Int64Array>,
    pub dominance: Option<[Float64Array; 3]>,
    pub contribution_key: Option<UInt64Array>,
    pub indicator: bool,
    pub optional: bool,
    pub domains: Vec<DomainArrays>,
    /// Share of the side without the class, and of everybody.
    pub classes: Vec<[Float64Array; 2]>,
}

pub(crate) struct DomainArrays {
    pub members: Int64Array,
    pub shares: Vec<[Float64Array; 2]>,
}

/// Reads typed columns by name.
pub(crate) struct Reader<'a> {
    pub cells: &'a RecordBatch,
}

impl Reader<'_> {
    pub fn column(&self, name: &str) -> Result<&ArrayRef, ArrowError> {
        self.cells
            .column_by_name(name)
            .ok_or_else(|| ArrowError::SchemaError(format!("no column {name}")))
    }
    pub fn counts(&self, name: &str) -> Result<Int64Array, ArrowError> {
        self.typed(name, |column| column.as_primitive_opt::<Int64Type>().cloned())
    }
    fn keys(&self, name: &str) -> Result<UInt64Array, ArrowError> {
        self.typed(name, |column| column.as_primitive_opt::<UInt64Type>().cloned())
    }
    pub fn amounts(&self, name: &str) -> Result<Float64Array, ArrowError> {
        self.typed(name, |column| column.as_primitive_opt::<Float64Type>().cloned())
    }
    fn typed<T>(&self, name: &str, read: impl Fn(&ArrayRef) -> Option<T>) -> Result<T, ArrowError> {
        read(self.column(name)?)
            .ok_or_else(|| ArrowError::SchemaError(format!("column {name} has another type")))
    }
    pub fn sets(&self, hidden: &HiddenColumns) -> Result<Vec<SetKey>, ArrowError> {
        let (xors, sums) = (self.keys(&hidden.set_xor)?, self.keys(&hidden.set_sum)?);
        Ok(xors
            .values()
            .iter()
            .zip(sums.values())
            .map(|(xor, sum)| SetKey { xor: *xor, sum: *sum })
            .collect())
    }
    pub fn statistic(&self, names: &StatisticColumns) -> Result<StatisticArrays, ArrowError> {
        Ok(StatisticArrays {
            contributors: names.contributors.as_ref().map(|n| self.counts(n)).transpose()?,
            nonzero: names.nonzero.as_ref().map(|n| self.counts(n)).transpose()?,
            dominance: match &names.dominance {
                Some([t, a, b]) => Some([self.amounts(t)?, self.amounts(a)?, self.amounts(b)?]),
                None => None,
            },
            contribution_key: names
                .contribution_key
                .as_ref()
                .map(|n| self.keys(n))
                .transpose()?,
            indicator: names.indicator,
            optional: names.optional,
            domains: names
                .domains
                .iter()
                .map(|domain| self.domain(domain))
                .collect::<Result<_, ArrowError>>()?,
            classes: names
                .classes
                .iter()
                .map(|class| self.class(class))
                .collect::<Result<_, ArrowError>>()?,
        })
    }
    pub fn class(&self, names: &ClassColumns) -> Result<[Float64Array; 2], ArrowError> {
        Ok([self.amounts(&names.share)?, self.amounts(&names.base)?])
    }
    pub fn domain(&self, names: &DomainColumns) -> Result<DomainArrays, ArrowError> {
        let shares = names
            .shares
            .iter()
            .map(|[t, g]| Ok([self.amounts(t)?, self.amounts(g)?]));
        Ok(DomainArrays {
            members: self.counts(&names.members)?,
            shares: shares.collect::<Result<_, ArrowError>>()?,
        })
    }
}
