//! What a refusal about an expression says: column, table, use, node, place, clauses, nearest form.

use datafusion::{
    common::{
        Column,
        tree_node::{TreeNode, TreeNodeRecursion},
    },
    logical_expr::Expr,
};
use shuyu_kernel::Refusal;
use shuyu_privacy::{Grain, Use};

use super::{
    exact::Exact,
    grain, nearest,
    origin::{Origin, Value},
    relation::Relation,
    survey::function_refused,
};
use crate::refusal::{Explain, Place, echoed};

/// Where the analyst named a column.
pub(crate) fn place(column: &Column) -> Option<Place> {
    let start = column.spans.first()?.start;
    (start.line > 0).then_some(Place {
        line: start.line,
        column: start.column,
    })
}

/// The column that an expression reads first, in the order in which it is written.
pub(crate) fn first_column(expr: &Expr) -> Option<Column> {
    let mut first = None;
    // The closure never fails.
    let _ = expr.apply(|node| {
        Ok(match node {
            Expr::Column(column) => {
                first = Some(column.clone());
                TreeNodeRecursion::Stop
            }
            _ => TreeNodeRecursion::Continue,
        })
    });
    first
}

/// What may be told of a base column: its table and its name, as the platform knows them where the rows of a subject
/// only pass it on; a name that the analyst gave, if it may be repeated.
pub(crate) fn told<'r>(relation: &'r Relation, column: &'r Column) -> (&'r str, &'r str) {
    let Some(leaf) = relation.leaf(column) else {
        return ("", echoed(&column.name));
    };
    match (&leaf.origin, leaf.value(&column.name)) {
        (Origin::Stored, _) => (&leaf.table, &column.name),
        (Origin::Derived(derived), Some((_, Value::Key(Expr::Column(base))))) => told(&derived.inner, base),
        (Origin::Derived(_) | Origin::Released(_), _) => (&leaf.table, echoed(&column.name)),
    }
}

/// Adds table and name of a base column of a relation.
pub(crate) fn naming(refusal: Refusal, relation: &Relation, column: &Column) -> Refusal {
    let (table, name) = told(relation, column);
    refusal.fact("column", name).fact("table", table)
}

/// The same, with the place where the analyst named it.
pub(crate) fn pointing(refusal: Refusal, relation: &Relation, column: &Column) -> Refusal {
    let (_, name) = told(relation, column);
    naming(refusal, relation, column).at(place(column), name)
}

/// Adds a column as the analyst named it, where it is not known of which table it is.
pub(crate) fn named(refusal: Refusal, column: &Column) -> Refusal {
    let name = echoed(&column.name);
    refusal.fact("column", name).at(place(column), name)
}

impl Exact<'_> {
    /// A form of expression that may not be used.
    pub(super) fn node(&self, node: &str, expr: &Expr) -> Refusal {
        let refusal = Refusal::unmet("node_not_allowed")
            .under(&self.citations.raw_stays)
            .instruct("plain_columns");
        self.involving(refusal, expr).fact("node", node)
    }

    /// Types that do not meet without a conversion that could fail on a row.
    pub(super) fn types_differ(&self, expr: &Expr) -> Refusal {
        let refusal = Refusal::unmet("types_differ")
            .under(&self.citations.raw_stays)
            .instruct("compare_same_type");
        self.involving(refusal, expr)
    }

    /// A function, operator or cast that could fail on a row.
    pub(super) fn function_refused(&self, name: &str, expr: &Expr) -> Refusal {
        let refusal = function_refused(name, None)
            .under(&self.citations.raw_stays)
            .fact("use", self.wanted.name())
            .fact("node", node_of(self.wanted));
        match first_column(expr) {
            // The place stays that of the function.
            Some(column) => naming(refusal, self.relation, &column),
            None => refusal,
        }
    }

    /// Adds the first column of the expression, its table and place, and the use.
    pub(super) fn involving(&self, refusal: Refusal, expr: &Expr) -> Refusal {
        let refusal = refusal.fact("node", node_of(self.wanted));
        match first_column(expr) {
            Some(column) => self.about(refusal, &column),
            None => {
                let table = self.relation.personal().map_or("", |leaf| &leaf.table);
                refusal.fact("use", self.wanted.name()).fact("table", table)
            }
        }
    }

    pub(super) fn about(&self, refusal: Refusal, column: &Column) -> Refusal {
        pointing(refusal, self.relation, column).fact("use", self.wanted.name())
    }

    /// The column may be used in this way at all.
    pub fn has_use(&self, column: &Column) -> Result<(), Refusal> {
        let label = self.relation.label(column);
        if label.allows(self.wanted) {
            return Ok(());
        }
        if let Some(refusal) = self.read_of_missing(column) {
            return Err(refusal);
        }
        let of_own = self
            .relation
            .leaf(column)
            .and_then(|leaf| leaf.column(&column.name))
            .cloned()
            .unwrap_or_default();
        if self.wanted == Use::Group && (of_own.unit || label.allows(Use::Link)) {
            let refusal = Refusal::unmet("small_group_key")
                .under(&self.citations.raw_stays)
                .citing(&of_own.basis)
                .fact("node", node_of(self.wanted));
            let nearest = nearest::subjects(told(self.relation, column));
            return Err(self.about(refusal, column).nearest_sql(nearest));
        }
        let refusal = Refusal::unmet("use_missing")
            .under(&self.citations.scope)
            .under(&self.citations.least_necessary)
            .citing(&of_own.basis);
        Err(self
            .about(refusal, column)
            .fact("node", node_of(self.wanted))
            .instruct("apply_for_use"))
    }

    pub(super) fn too_fine(&self, column: &Column, nearest: Option<String>) -> Refusal {
        let refusal = Refusal::unmet("grain_finer").under(&self.citations.least_necessary);
        let refusal = self.about(refusal, column).fact("node", node_of(self.wanted));
        match nearest {
            Some(sql) => refusal.nearest_sql(sql),
            None => refusal.instruct("use_coarser_value"),
        }
    }
}

fn node_of(wanted: Use) -> &'static str {
    match wanted {
        Use::Out => "output",
        Use::Group => "group_key",
        Use::Filter => "filter",
        Use::Measure => "aggregate_argument",
        Use::Link => "join",
        Use::Python => "job",
    }
}

/// The column at its grain, as SQL.
pub(super) fn nearest_form(column: &Column, grain: &Grain, relation: &Relation, wanted: Use) -> String {
    let name = &column.name;
    match grain {
        Grain::Date(step) => format!("date_trunc('{}', {name})", grain::step_name(*step)),
        Grain::Number { filter, group } => {
            let width = if wanted == Use::Group { *group } else { *filter };
            format!("{} * {width}", grain::bucket_sql(column, width, relation))
        }
        Grain::Prefix(length) => format!("left({name}, {length})"),
    }
}
