//! Functions of our own, for hidden columns of the lower plan. No analyst can name them.

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, UInt64Array},
    datatypes::{DataType, Field, FieldRef, Float64Type, UInt64Type},
};
use datafusion::{
    common::{Result, ScalarValue},
    logical_expr::{
        Accumulator, AggregateUDF, AggregateUDFImpl, ColumnarValue, EmitTo, GroupsAccumulator,
        ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
        function::{AccumulatorArgs, StateFieldsArgs},
    },
};
use shuyu_privacy::{Contribution, GateKey, SetKey, Thresholds, noise::contribution_of};

/// `second(x)`: the second greatest value (Float64); NULL with fewer than two.
pub(crate) fn second_greatest() -> Arc<AggregateUDF> {
    Arc::new(AggregateUDF::from(SecondGreatest {
        signature: Signature::exact(vec![DataType::Float64], Volatility::Immutable),
    }))
}

/// `contribution(unit, x)`: a key of a subject together with what it contributes (UInt64); keys of sets are sums of these
/// modulo 2⁶⁴.
pub(crate) fn contribution() -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(OneContribution {
        signature: Signature::exact(vec![DataType::UInt64, DataType::Float64], Volatility::Immutable),
    }))
}

/// `least(xor, sum)`: fewest subjects that a set with this key needs (Int64), as at the gate.
pub(crate) fn least_subjects(thresholds: &Thresholds, key: &GateKey) -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(LeastSubjects {
        signature: Signature::exact(vec![DataType::UInt64, DataType::UInt64], Volatility::Immutable),
        thresholds: thresholds.clone(),
        key: key.clone(),
    }))
}

struct LeastSubjects {
    signature: Signature,
    thresholds: Thresholds,
    key: GateKey,
}

// The key is no part of what makes two functions the same: a plan holds one.
impl PartialEq for LeastSubjects {
    fn eq(&self, other: &Self) -> bool {
        self.signature == other.signature && self.thresholds == other.thresholds
    }
}
impl Eq for LeastSubjects {}
impl Hash for LeastSubjects {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.signature.hash(state);
    }
}
impl std::fmt::Debug for LeastSubjects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LeastSubjects")
    }
}

impl ScalarUDFImpl for LeastSubjects {
    fn name(&self) -> &str {
        "__least_subjects"
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }
    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&arguments.args)?;
        let (xors, sums) = (
            arrays[0].as_primitive::<UInt64Type>(),
            arrays[1].as_primitive::<UInt64Type>(),
        );
        let least = xors.values().iter().zip(sums.values()).map(|(xor, sum)| {
            let set = SetKey { xor: *xor, sum: *sum };
            shuyu_privacy::least_subjects(&self.thresholds, &self.key, set, None)
        });
        Ok(ColumnarValue::Array(Arc::new(Int64Array::from_iter_values(
            least,
        ))))
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct SecondGreatest {
    signature: Signature,
}

impl AggregateUDFImpl for SecondGreatest {
    fn name(&self) -> &str {
        "__second_greatest"
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }
    fn accumulator(&self, _arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(GreatestTwo::default()))
    }
    fn groups_accumulator_supported(&self, _arguments: AccumulatorArgs<'_>) -> bool {
        true
    }
    fn create_groups_accumulator(
        &self,
        _arguments: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(GreatestTwoOfGroups::default()))
    }
    fn state_fields(&self, _arguments: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        Ok(["first", "second"]
            .map(|name| Arc::new(Field::new(name, DataType::Float64, true)))
            .to_vec())
    }
}

#[derive(Debug, Default)]
struct GreatestTwo {
    first: Option<f64>,
    second: Option<f64>,
}

impl GreatestTwo {
    fn push(&mut self, value: f64) {
        // A value that is not a number ranks above all, so that dominance never overlooks it.
        let above = |other: Option<f64>| other.is_none_or(|other| value.total_cmp(&other).is_gt());
        if above(self.first) {
            self.second = self.first;
            self.first = Some(value);
        } else if above(self.second) {
            self.second = Some(value);
        }
    }
    fn push_all(&mut self, values: &ArrayRef) {
        values
            .as_primitive::<Float64Type>()
            .iter()
            .flatten()
            .for_each(|value| self.push(value));
    }
}

impl Accumulator for GreatestTwo {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.push_all(&values[0]);
        Ok(())
    }
    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Float64(self.second))
    }
    fn size(&self) -> usize {
        size_of_val(self)
    }
    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![
            ScalarValue::Float64(self.first),
            ScalarValue::Float64(self.second),
        ])
    }
    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        states.iter().for_each(|values| self.push_all(values));
        Ok(())
    }
}

/// The greatest two values of every group.
#[derive(Debug, Default)]
struct GreatestTwoOfGroups(Vec<GreatestTwo>);

impl GreatestTwoOfGroups {
    fn push_all(&mut self, values: &ArrayRef, groups: &[usize], filter: Option<&BooleanArray>, total: usize) {
        self.0.resize_with(total, GreatestTwo::default);
        let values = values.as_primitive::<Float64Type>();
        for (row, group) in groups.iter().enumerate() {
            let counts = filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row));
            if counts
                && values.is_valid(row)
                && let Some(group) = self.0.get_mut(*group)
            {
                group.push(values.value(row));
            }
        }
    }
}

impl GroupsAccumulator for GreatestTwoOfGroups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.push_all(&values[0], groups, filter, total);
        Ok(())
    }
    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let groups = emit_to.take_needed(&mut self.0);
        let second: Float64Array = groups.iter().map(|group| group.second).collect();
        Ok(Arc::new(second))
    }
    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let groups = emit_to.take_needed(&mut self.0);
        let first: Float64Array = groups.iter().map(|group| group.first).collect();
        let second: Float64Array = groups.iter().map(|group| group.second).collect();
        Ok(vec![Arc::new(first), Arc::new(second)])
    }
    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        for values in states {
            self.push_all(values, groups, None, total);
        }
        Ok(())
    }
    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let counts = |row: usize| filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row));
        let values = values[0].as_primitive::<Float64Type>().iter().enumerate();
        let first: Float64Array = values.map(|(row, value)| value.filter(|_| counts(row))).collect();
        let second = Float64Array::new_null(first.len());
        Ok(vec![Arc::new(first), Arc::new(second)])
    }
    fn size(&self) -> usize {
        self.0.capacity() * size_of::<GreatestTwo>()
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct OneContribution {
    signature: Signature,
}

impl ScalarUDFImpl for OneContribution {
    fn name(&self) -> &str {
        "__contribution"
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::UInt64)
    }
    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&arguments.args)?;
        let (units, amounts) = (
            arrays[0].as_primitive::<UInt64Type>(),
            arrays[1].as_primitive::<Float64Type>(),
        );
        // What is nothing adds nothing.
        let keys = units.iter().zip(amounts).map(|pair| match pair {
            (Some(unit), Some(amount)) => contribution_of(Contribution { unit, amount }),
            _ => 0,
        });
        let keys = UInt64Array::from_iter_values(keys);
        Ok(ColumnarValue::Array(Arc::new(keys)))
    }
}
