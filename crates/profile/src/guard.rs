//! Guards: the closed list of conditions a profile may put before an act.

use shuyu_kernel::{Basis, calendar::Limit};

use crate::{
    affiliates::{BodyRef, Touches},
    condition::{CaseQuery, Operand, When},
    place::Place,
    settings::Dated,
};

/// A guard: a rule, the code of its refusal, and its basis.
#[derive(Debug, Clone, PartialEq)]
pub struct Guard {
    /// The condition.
    pub rule: Rule,
    /// Stable code of the refusal.
    pub code: String,
    /// Applies only if all of these hold.
    pub when: Vec<When>,
    /// Days on which the rule is in force.
    pub dated: Dated,
    /// 原则上: passes once this act is done, by which whoever approves the object itself approved the exception, with
    /// a written reason and the paper (fields `exception_reason`, `exception_paper`).
    pub exception: Option<String>,
    /// Holds when the rule does not. Never so as written: mutation of the rules needs it.
    pub negated: bool,
    /// Basis.
    pub basis: Basis,
    /// Where it is written.
    pub at: Place,
}

/// What a guard asks. Closed: a new kind is code with an ADR.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// Each of these fields is filled.
    Complete {
        /// Field ids.
        fields: Vec<String>,
    },
    /// Each field has one of these values (text form).
    OneOf {
        /// Field ids.
        fields: Vec<String>,
        /// Allowed values.
        values: Vec<String>,
    },
    /// Date `to` is not after the day before `from` + limit (a term of at most…).
    TermAtMost {
        /// Field with the first day.
        from: String,
        /// Field with the last day.
        to: String,
        /// The limit.
        limit: Limit,
        /// The term is exactly the limit, not shorter either.
        exact: bool,
    },
    /// Low plus gap is not after high: dates, amounts or whole numbers.
    InOrder {
        /// The smaller or earlier one.
        low: Operand,
        /// Added to the earlier date.
        gap: Option<Limit>,
        /// The larger or later one.
        high: Operand,
    },
    /// There is such a case.
    SomeCase(CaseQuery),
    /// There is no such case.
    NoCase(CaseQuery),
    /// The case linked by this field is in one of these stages.
    Linked {
        /// Case or cases field (each must).
        link: String,
        /// Allowed stages of the other procedure.
        stages: Vec<String>,
    },
    /// The linked case has one of these values in that field.
    LinkedField {
        /// Case or cases field (each must).
        link: String,
        /// Field of the other case.
        field: String,
        /// Allowed values.
        values: Vec<String>,
    },
    /// The field has the same value here and in the linked case (the operator chosen is the operator signing).
    SameAsLinked {
        /// Field of this case.
        field: String,
        /// Case field.
        link: String,
        /// Field of the other case.
        other: String,
    },
    /// Every case named in the field stands in a cases field of the case reached by following links (scope).
    Within {
        /// Case, cases or columns field.
        field: String,
        /// Case fields followed one after another, the first of this case.
        via: Vec<String>,
        /// Cases field of the case reached.
        other: String,
    },
    /// The whole days of an at-least clock are over: the act happens after its last day.
    WholeDays {
        /// Clock id.
        clock: String,
    },
    /// The clock has not run out on the day of the act.
    BeforeDue {
        /// Clock id.
        clock: String,
    },
    /// No objection is open.
    NoOpenObjection,
    /// Every objection upheld so far was followed by a new public notice (an act of kind `publicise`).
    ObjectionsMended,
    /// The acting person took none of these earlier acts.
    NotSamePerson {
        /// Act ids.
        acts: Vec<String>,
    },
    /// The acting body is not the party with that role.
    NotSameBody {
        /// Role id.
        role: String,
    },
    /// A body is neither one of the named parties nor affiliated with one by what stands in the registry.
    Unaffiliated {
        /// The body that is asked about.
        body: BodyRef,
        /// Role of the parties it is compared with: of this case, or of the case reached by `via`.
        role: String,
        /// Case fields followed one after another; empty = this case.
        via: Vec<String>,
        /// Which of these parties count.
        touches: Touches,
        /// With `delivered`: where a delivered product shows.
        cases: Option<CaseQuery>,
    },
    /// That act has been taken before, and after the last time `since` was taken.
    Done {
        /// Act id.
        act: String,
        /// An act that makes earlier ones count no more: a plan returned and submitted anew is decided anew.
        since: Option<String>,
    },
    /// Every lane has approved.
    LanesApproved,
    /// Money in `field` is at most money in `ceiling`.
    AtMostField {
        /// Money field.
        field: String,
        /// Money field with the ceiling.
        ceiling: String,
    },
    /// Money in each field is zero.
    Zero {
        /// Money fields.
        fields: Vec<String>,
    },
    /// At least this long has passed since that act.
    Retained {
        /// Act id.
        act: String,
        /// Least time.
        limit: Limit,
    },
    /// Two integer fields are equal (all rows arrived).
    Balanced {
        /// One field.
        left: String,
        /// The other.
        right: String,
    },
    /// Every column applied for names at least one use and the table a reason (least necessary).
    ColumnsJustified {
        /// Columns field.
        field: String,
    },
}

impl Rule {
    /// The word of the closed vocabulary, as written in a profile.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Complete { .. } => "complete",
            Self::OneOf { .. } => "one_of",
            Self::TermAtMost { .. } => "term_at_most",
            Self::InOrder { .. } => "in_order",
            Self::SomeCase(_) => "some_case",
            Self::NoCase(_) => "no_case",
            Self::Linked { .. } => "linked",
            Self::LinkedField { .. } => "linked_field",
            Self::SameAsLinked { .. } => "same_as_linked",
            Self::Within { .. } => "within",
            Self::WholeDays { .. } => "whole_days",
            Self::BeforeDue { .. } => "before_due",
            Self::NoOpenObjection => "no_open_objection",
            Self::ObjectionsMended => "objections_mended",
            Self::NotSamePerson { .. } => "not_same_person",
            Self::NotSameBody { .. } => "not_same_body",
            Self::Unaffiliated { .. } => "unaffiliated",
            Self::Done { .. } => "done",
            Self::LanesApproved => "lanes_approved",
            Self::AtMostField { .. } => "at_most_field",
            Self::Zero { .. } => "zero",
            Self::Retained { .. } => "retained",
            Self::Balanced { .. } => "balanced",
            Self::ColumnsJustified { .. } => "columns_justified",
        }
    }
}
