//! Functions of our own, for hidden columns of the lower plan. No analyst can name them.

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use arrow::{
    array::{AsArray, Int64Array},
    datatypes::{DataType, UInt64Type},
};
use datafusion::{
    common::Result,
    logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility},
};
use shuyu_privacy::{GateKey, SetKey, Thresholds};

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
