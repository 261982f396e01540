//! The leaf of rows that others are kept by, or joined with where there are any ([`How`]).

use arrow::datatypes::{DataType, Field};
use datafusion::{
    common::{Column, DFSchema, ScalarValue},
    logical_expr::Expr,
};
use shuyu_kernel::Refusal;
use shuyu_privacy::{Citations, ColumnGrant, Use};

use super::{
    maker::{Made, Maker},
    membership::{How, Pair},
    origin::Value,
    per_subject,
    relation::{Leaf, Output, Relation},
};

/// The rows of a relation beside the other one. `turned`: the columns of the other one come first.
///
/// # Errors
/// Those of [`per_subject::checked`].
pub(super) fn beside(
    mut kept: Relation,
    (how, turned): (How, bool),
    pair: Pair,
    (other, shown, alias): (Relation, &DFSchema, String),
    citations: &Citations,
) -> Result<Relation, Refusal> {
    let leaf = leaf(how, &pair.member, other, shown, alias, citations)?;
    let member = member(&leaf).ok_or_else(|| Refusal::unmet("query_not_planned"))?;
    if how == How::Optional {
        let fields = leaf.schema.fields().iter().rev().skip(1).rev();
        let columns = fields.map(|field| Output::bare(Column::new(Some(leaf.alias.as_str()), field.name())));
        let (at, columns): (usize, Vec<Output>) = (kept.outputs.len(), columns.collect());
        kept.outputs.splice(if turned { 0..0 } else { at..at }, columns);
    }
    kept.leaves.push(leaf);
    kept.equalities.push((pair.unit, member));
    Ok(kept)
}

/// The column of a leaf that names its subject: the last.
fn member(leaf: &Leaf) -> Option<Column> {
    let last = leaf.schema.fields().last()?;
    Some(Column::new(Some(leaf.alias.as_str()), last.name()))
}

/// Rows of other relations subject by subject: their columns if they are shown, then the subject.
fn leaf(
    how: How,
    unit: &Column,
    other: Relation,
    shown: &DFSchema,
    alias: String,
    citations: &Citations,
) -> Result<Leaf, Refusal> {
    let schema = per_subject::checked(&other, citations)?;
    let subject = other.base_type(unit).unwrap_or(DataType::Utf8);
    let (mut made, mut types): (Vec<Made>, Vec<(String, DataType)>) = (Vec::new(), Vec::new());
    if how == How::Optional {
        let maker = Maker::new(&other, &schema, citations);
        for (output, field) in other.outputs.iter().zip(shown.fields()) {
            let (one, data_type) = column(&maker, &output.value, field.data_type());
            made.push(one);
            types.push((field.name().clone(), data_type));
        }
    }
    let of_subject = ColumnGrant {
        uses: [Use::Link].into(),
        unit: true,
        ..ColumnGrant::default()
    };
    made.push((Value::Key(Expr::Column(unit.clone())), of_subject));
    types.push(("subject".to_owned(), subject));
    let names = per_subject::names(types.iter().map(|(name, _)| name.as_str()), |name| {
        per_subject::is_known(&other, name)
    });
    let fields = names.into_iter().zip(types);
    let fields: Vec<Field> = fields
        .map(|(name, (_, data_type))| Field::new(name, data_type, true))
        .collect();
    let shown = DFSchema::from_unqualified_fields(fields.into(), std::collections::HashMap::new())
        .map_err(|_| Refusal::unmet("query_not_planned"))?;
    let rows = if how == How::Optional {
        other.rows_per_unit()
    } else {
        Some(1)
    };
    let mut leaf = per_subject::leaf(other, made, &shown, alias, (rows, false))?;
    leaf.stand(how);
    Ok(leaf)
}

/// A column of rows that may be missing. What may not be shown is not computed either. Of the subject nothing is told
/// but that it is there.
fn column(maker: &Maker<'_>, value: &Expr, data_type: &DataType) -> (Made, DataType) {
    if per_subject::is_subject(maker.exact.relation, value) {
        let grant = ColumnGrant {
            uses: [Use::Link].into(),
            ..ColumnGrant::default()
        };
        return ((Value::Key(HERE), grant), DataType::UInt8);
    }
    let made = match maker.value(value) {
        Ok(grant) => (Value::Key(value.clone()), grant),
        Err(_) => {
            let nothing = ScalarValue::try_from(data_type).unwrap_or(ScalarValue::Null);
            (Value::Key(Expr::Literal(nothing, None)), ColumnGrant::default())
        }
    };
    (made, data_type.clone())
}

/// Stands in place of the subject of rows that may be missing. No statement has a constant of this type.
pub(super) const HERE: Expr = Expr::Literal(ScalarValue::UInt8(Some(1)), None);
