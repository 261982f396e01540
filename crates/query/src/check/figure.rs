//! What a release consists of: parts, which are computed of rows and judged by the gate, and figures, which are made
//! of what parts come to after they were perturbed.
//!
//! An argument is split where it branches. `avg(CASE WHEN c THEN 2 * x ELSE 0 END)` has the parts "`x` where c" and
//! "rows where not c"; the factor 2 and the quotient come after the noise (A4.6). So a sum under WHERE, under FILTER
//! and inside a CASE is one and the same sum, and the release ledger compares them as such.

use arrow::datatypes::DataType;
use datafusion::logical_expr::Expr;
use shuyu_privacy::Bounds;

/// What is computed of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Rows.
    Rows,
    /// Rows with a value.
    Count,
    /// The total of a measure, and rows with a value.
    Total,
    /// Subjects of the cell.
    Subjects,
    /// Different values that enough subjects hold.
    Different,
    /// The greatest value that enough subjects hold.
    Greatest,
    /// The smallest value that enough subjects hold.
    Smallest,
    /// Values in their order.
    Ranks,
}

/// What an argument reads: one measure, or one group column at its grain.
#[derive(Debug, Clone)]
pub(crate) struct Core {
    /// Over base columns.
    pub value: Expr,
    /// Values are moved into these limits (A4.2). `None` where only their presence counts.
    pub bounds: Option<Bounds>,
    /// Taken off every value before anything is added up, and added again after the noise.
    pub centre: i64,
    /// Cells of its grain, for numbers.
    pub grain: Option<u64>,
}

/// One part of a release.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub role: Role,
    /// `None` stands for the rows themselves.
    pub core: Option<Core>,
    /// Truths over base columns. Rows on which they do not all hold have no value.
    pub guards: Vec<Expr>,
    /// Having a value is a branch of the analyst's own (A4.1).
    pub indicator: bool,
    /// Nobody may have one: the part stands for missing values.
    pub optional: bool,
}

impl Part {
    pub fn new(role: Role, core: Option<Core>) -> Self {
        Self {
            role,
            core,
            guards: Vec::new(),
            indicator: false,
            optional: false,
        }
    }

    /// Whether it is a total of a measure.
    pub fn is_total(&self) -> bool {
        self.role == Role::Total
    }

    /// Whether its values are totals per subject, so that a plan of its own is not needed.
    pub fn is_per_subject(&self) -> bool {
        matches!(self.role, Role::Rows | Role::Count | Role::Total | Role::Ranks)
    }

    /// Whether having a value puts a subject on one side of a branch.
    pub fn is_side(&self) -> bool {
        self.indicator && self.has_values() && self.role != Role::Subjects
    }

    /// Whether rows can be without a value.
    pub fn has_values(&self) -> bool {
        self.core.is_some() || !self.guards.is_empty()
    }
}

/// A sum over the subjects of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Amount {
    /// Its subjects.
    Subjects,
    /// Its rows with a value.
    Rows,
    /// The total of its values.
    Total,
}

/// A sum over subjects with its factor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Term {
    pub factor: f64,
    pub part: usize,
    pub amount: Amount,
}

/// Which measure of spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spread {
    /// The standard deviation, not the variance.
    pub root: bool,
    /// Of a sample: divided by one less than the number of values.
    pub sample: bool,
}

/// What is computed of second moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    Spread(Spread),
    Correlation,
    Covariance { sample: bool },
    Slope,
    Intercept,
    Determination,
    SquaresOfX,
    SquaresOfY,
    Products,
}

/// `factor · part + offset`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scaled {
    pub part: usize,
    pub factor: f64,
    pub offset: f64,
}

/// How a figure is made.
#[derive(Debug, Clone)]
pub(crate) enum Formula {
    Sum(Vec<Term>),
    /// The first divided by the second.
    Ratio(Vec<Term>, Vec<Term>),
    /// Of totals over the same rows.
    Second {
        moment: Moment,
        y: Scaled,
        x: Scaled,
    },
    /// What the part itself is.
    Value(usize),
    /// A quantile of the values of the part.
    Quantile {
        part: usize,
        fraction: f64,
    },
    /// Which of these keys the grouping set leaves out, as bits.
    Grouping(Vec<usize>),
}

/// One column of the answer.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    pub formula: Formula,
    /// Everything that must pass the gate for it.
    pub parts: Vec<usize>,
    /// The type the analyst's plan expects.
    pub data_type: DataType,
}

/// Parts, each once.
#[derive(Debug, Default)]
pub(crate) struct Parts(pub Vec<Part>);

impl Parts {
    /// The number of a part; a new one if there is none like it.
    pub fn put(&mut self, part: Part) -> usize {
        let text = |part: &Part| {
            let core = part
                .core
                .as_ref()
                .map(|core| (core.value.to_string(), core.centre, core.bounds));
            let guards: Vec<String> = part.guards.iter().map(ToString::to_string).collect();
            (part.role, core, guards, part.indicator, part.optional)
        };
        let wanted = text(&part);
        match self.0.iter().position(|known| text(known) == wanted) {
            Some(place) => place,
            None => {
                self.0.push(part);
                self.0.len() - 1
            }
        }
    }
}
