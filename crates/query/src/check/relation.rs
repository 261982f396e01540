//! A relation that is a selection, projection and join of leaves, written out. A leaf is a table of the permit, what
//! was put together by subject, or what was released before ([`Origin`]); beside the others it is joined, or keeps or
//! drops their rows by their subject, or may be missing ([`super::membership::How`]).
//!
//! Every column is an expression over *base* columns (`t0.county`), those of its leaves, and every filter and every
//! equality too. A name an analyst gave to something decides nothing, so that no rule can be got round by renaming,
//! nesting or shadowing: the columns of leaves that are no tables may be called as the analyst called them, and are
//! judged by what they are made of.

use std::{collections::BTreeMap, sync::Arc};

use arrow::datatypes::{DataType, SchemaRef};
use datafusion::{
    common::{
        Column, DFSchema, Result as PlanResult, TableReference,
        tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion},
    },
    logical_expr::{BinaryExpr, Expr, Operator, utils::split_conjunction_owned},
};
use shuyu_kernel::Refusal;
use shuyu_privacy::{ColumnGrant, Label, TableGrant, TableKind, Use};

use super::{
    blame::{first_column, named},
    fusion,
    origin::Origin,
    text::too_large,
};
use crate::refusal::Explain;

/// Most nodes of one expression after all names are written out.
const MAX_NODES: usize = 10_000;
/// Deepest nesting of one expression after all names are written out.
const MAX_DEPTH: usize = 96;

/// One mention of a table, or what stands in the place of one.
#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    /// `t0`, `t1` …: unique in the statement, never a name of the analyst.
    pub alias: String,
    /// Name of the table in the permit; of rows put together by subject that of a personal table behind them.
    pub table: String,
    /// What is granted of the table, or what follows for rows that were made of tables.
    pub grant: TableGrant,
    /// What the analyst may name.
    pub schema: SchemaRef,
    pub origin: Origin,
}

/// One column of the relation. It has no name: the schema of the analyst's node has it.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    /// Over base columns.
    pub value: Expr,
    /// Nodes of the expression, so that the size of others over it is known before they are written out.
    nodes: usize,
}

/// Selection, projection and join of leaves.
#[derive(Debug, Clone)]
pub(crate) struct Relation {
    pub leaves: Vec<Leaf>,
    /// In the order of the schema of the analyst's node.
    pub outputs: Vec<Output>,
    pub filters: Vec<Expr>,
    /// Equated base columns of different leaves.
    pub equalities: Vec<(Column, Column)>,
}

/// Whose rows a relation holds: the strictest of its tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Public,
    /// Brought by whoever asks.
    Own,
    NonPersonal,
    Personal,
}

impl Leaf {
    pub fn stage(&self) -> Stage {
        match self.grant.kind {
            TableKind::Public => Stage::Public,
            TableKind::Own => Stage::Own,
            TableKind::NonPersonal => Stage::NonPersonal,
            TableKind::Personal { .. } => Stage::Personal,
        }
    }
    /// The grant of a column; `None` means free (public tables) or, elsewhere, sealed.
    pub fn column(&self, name: &str) -> Option<&ColumnGrant> {
        self.grant.columns.get(name)
    }
    fn label(&self, name: &str) -> Label {
        if self.released().is_some() {
            // A released value is no factor and no link (A3.6).
            return Label {
                uses: [Use::Group, Use::Filter].into(),
                ..Label::free()
            };
        }
        let label = match (self.stage(), self.column(name)) {
            (Stage::Public, _) => Label::free(),
            (Stage::Own, grant) => fusion::label(grant),
            (Stage::NonPersonal | Stage::Personal, Some(grant)) => Label::of(grant),
            (Stage::NonPersonal | Stage::Personal, None) => Label::of(&ColumnGrant::default()),
        };
        self.as_read(name, label)
    }
    /// Whether the column names the subject of this table.
    pub fn is_unit(&self, name: &str) -> bool {
        self.of_subjects() && self.column(name).is_some_and(|column| column.unit)
    }
    /// Its rows name subjects; those of an own list only mention them.
    pub fn of_subjects(&self) -> bool {
        matches!(self.stage(), Stage::Personal | Stage::Own)
    }
}

impl Output {
    /// A column as it is.
    pub fn bare(column: Column) -> Self {
        Self {
            value: Expr::Column(column),
            nodes: 1,
        }
    }
}

impl Relation {
    pub fn scan(leaf: Leaf) -> Self {
        let outputs = leaf.schema.fields().iter().map(|field| Output {
            value: Expr::Column(Column::new(Some(leaf.alias.as_str()), field.name())),
            nodes: 1,
        });
        Self {
            outputs: outputs.collect(),
            leaves: vec![leaf],
            filters: Vec::new(),
            equalities: Vec::new(),
        }
    }

    pub fn stage(&self) -> Stage {
        self.leaves.iter().map(Leaf::stage).max().unwrap_or(Stage::Public)
    }

    pub fn leaf(&self, column: &Column) -> Option<&Leaf> {
        let alias = column.relation.as_ref()?.table();
        self.leaves.iter().find(|leaf| leaf.alias == alias)
    }

    /// The label of a base column: the meet over all columns it is equated with. A public key that
    /// is equated with a personal column has the label of the personal column.
    pub fn label(&self, column: &Column) -> Label {
        let mut same = vec![column.flat_name()];
        // What is brought is free to whoever brought it, as long as no personal row is beside it.
        let alone = self.stage() != Stage::Personal;
        let of = |column: &Column| match self.leaf(column) {
            Some(leaf) if alone && leaf.stage() == Stage::Own => Label::free(),
            Some(leaf) => leaf.label(&column.name),
            None => Label::free(),
        };
        let mut label = of(column);
        let mut next = 0;
        while next < same.len() {
            for (left, right) in &self.equalities {
                let names = (left.flat_name(), right.flat_name());
                let other = if names.0 == same[next] {
                    right
                } else if names.1 == same[next] {
                    left
                } else {
                    continue;
                };
                if !same.contains(&other.flat_name()) {
                    label = of(other).meet(&label);
                    same.push(other.flat_name());
                }
            }
            next += 1;
        }
        label
    }

    /// The schema of all base columns.
    pub fn base_schema(&self) -> PlanResult<DFSchema> {
        let fields = self.leaves.iter().flat_map(|leaf| {
            let called = TableReference::bare(leaf.alias.as_str());
            leaf.schema
                .fields()
                .iter()
                .map(move |field| (Some(called.clone()), Arc::clone(field)))
        });
        DFSchema::new_with_metadata(fields.collect(), std::collections::HashMap::new())
    }

    /// The stored type of a base column.
    pub fn base_type(&self, column: &Column) -> Option<DataType> {
        let leaf = self.leaf(column)?;
        leaf.schema
            .field_with_name(&column.name)
            .ok()
            .map(|field| field.data_type().clone())
    }

    /// An expression over the analyst's columns, written out over base columns.
    pub fn write_out(&self, expr: &Expr, schema: &DFSchema) -> Result<Expr, Refusal> {
        let mut size = 0usize;
        let mut unknown = false;
        let counted = expr.apply(|node| {
            size += match node {
                Expr::Column(column) => match schema
                    .maybe_index_of_column(column)
                    .and_then(|i| self.outputs.get(i))
                {
                    Some(output) => output.nodes,
                    None => {
                        unknown = true;
                        1
                    }
                },
                _ => 1,
            };
            Ok(if size > MAX_NODES {
                TreeNodeRecursion::Stop
            } else {
                TreeNodeRecursion::Continue
            })
        });
        if size > MAX_NODES || counted.is_err() {
            return Err(too_large("expression", MAX_NODES));
        }
        if unknown {
            // A column of an outer query, or a node whose schema is not what we think: not understood.
            let refusal = Refusal::unmet("node_not_allowed")
                .fact("node", "column_of_outer_query")
                .fact("use", Use::Filter.name())
                .instruct("join_inner_query");
            return Err(match first_column(expr) {
                Some(column) => named(refusal, &column),
                None => refusal,
            });
        }
        // Upwards, so that what was written out is not looked at again.
        let written = expr.clone().transform_up(|node| match node {
            Expr::Column(column) => {
                let value = schema
                    .maybe_index_of_column(&column)
                    .and_then(|i| self.outputs.get(i));
                let value = value.map_or_else(|| Expr::Column(column.clone()), |output| output.value.clone());
                Ok(Transformed::yes(keep_place(value, &column)))
            }
            Expr::Alias(alias) => Ok(Transformed::yes(*alias.expr)),
            other => Ok(Transformed::no(other)),
        });
        let written = written.data().map_err(|_| Refusal::unmet("query_not_planned"))?;
        // The parts are no deeper than this each, so measuring the whole is safe.
        if measure(&written).1 > MAX_DEPTH {
            Err(too_large("depth", MAX_DEPTH))
        } else {
            Ok(written)
        }
    }

    /// Replaces the columns by expressions over the present ones.
    pub fn project(mut self, exprs: &[Expr], schema: &DFSchema) -> Result<Self, Refusal> {
        let mut outputs = Vec::new();
        for expr in exprs {
            let value = self.write_out(expr, schema)?;
            let (nodes, _) = measure(&value);
            outputs.push(Output { value, nodes });
        }
        self.outputs = outputs;
        Ok(self)
    }

    /// Adds a predicate; equalities of bare columns of two leaves become equalities of the relation.
    pub fn filter(mut self, predicate: &Expr, schema: &DFSchema) -> Result<Self, Refusal> {
        let written = self.write_out(predicate, schema)?;
        for conjunct in split_conjunction_owned(written) {
            match as_equality(&conjunct) {
                Some(pair) => self.equalities.push(pair),
                None => self.filters.push(conjunct),
            }
        }
        Ok(self)
    }

    /// Both relations side by side.
    pub fn beside(mut self, other: Self) -> Self {
        self.leaves.extend(other.leaves);
        self.outputs.extend(other.outputs);
        self.filters.extend(other.filters);
        self.equalities.extend(other.equalities);
        self
    }
}

/// Nodes and depth of an expression.
fn measure(expr: &Expr) -> (usize, usize) {
    let (mut nodes, mut depth) = (1, 0);
    // The closure never fails.
    let _ = expr.apply_children(|child| {
        let (inner, deep) = measure(child);
        nodes += inner;
        depth = depth.max(deep);
        Ok(TreeNodeRecursion::Continue)
    });
    (nodes, depth + 1)
}

/// A bare column keeps the place where the analyst named it.
fn keep_place(value: Expr, named: &Column) -> Expr {
    match value {
        Expr::Column(base) => Expr::Column(Column {
            spans: named.spans.clone(),
            ..base
        }),
        other => other,
    }
}

/// Two bare columns of different leaves.
pub(super) fn as_equality(expr: &Expr) -> Option<(Column, Column)> {
    match expr {
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::Eq,
            right,
        }) => match (left.as_ref(), right.as_ref()) {
            (Expr::Column(a), Expr::Column(b)) if a.relation != b.relation => Some((a.clone(), b.clone())),
            _ => None,
        },
        _ => None,
    }
}

/// The alias of the leaf that a base column is one of; empty if it names none.
pub(crate) fn alias_of(column: &Column) -> &str {
    column.relation.as_ref().map_or("", TableReference::table)
}

/// Base columns of an expression, each once, by flat name.
pub(crate) fn columns_of(expr: &Expr) -> BTreeMap<String, Column> {
    expr.column_refs()
        .into_iter()
        .map(|column| (column.flat_name(), column.clone()))
        .collect()
}
