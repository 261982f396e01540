//! Guards: one function per rule of the closed list. All guards of an act are asked; the first "no" is the answer.

mod affiliates;
mod history;
mod links;
mod values;

use std::collections::BTreeMap;

use shuyu_kernel::{CivilDate, Refusal};
use shuyu_profile::{Guard, Procedure, Rule};

use super::condition;
use crate::{case::Case, command::Context, value::Value};

/// What a guard looks at: the case as it would be after the act's values are set.
pub struct Scene<'a> {
    /// The case before the act; `None` when it is being opened.
    pub case: Option<&'a Case>,
    /// Its procedure.
    pub procedure: &'a Procedure,
    /// Values as they would be.
    pub fields: &'a BTreeMap<String, Value>,
    /// Day the act happens.
    pub happened_on: CivilDate,
    /// Context.
    pub ctx: &'a Context<'a>,
}

impl Scene<'_> {
    /// The day whose rules bind: that of the opening, or of the last move to another version.
    pub fn bound_on(&self) -> CivilDate {
        self.case.map_or(self.ctx.today, Case::bound_on)
    }
}

/// Asks all guards in order.
///
/// # Errors
/// The refusal of the first guard that does not hold, with its code, clauses and facts.
pub fn check(guards: &[Guard], scene: &Scene<'_>) -> Result<(), Refusal> {
    guards.iter().try_for_each(|guard| check_one(guard, scene))
}

fn check_one(guard: &Guard, scene: &Scene<'_>) -> Result<(), Refusal> {
    if !guard.dated.covers(scene.bound_on()) || !condition::all_hold(&guard.when, scene) {
        return Ok(());
    }
    let facts = match (holds(&guard.rule, scene), guard.negated) {
        (Ok(()), false) | (Err(_), true) => return Ok(()),
        (Err(facts), false) => facts,
        (Ok(()), true) => Facts::new(),
    };
    if guard
        .exception
        .as_ref()
        .is_some_and(|act| history::has_exception(act, scene))
    {
        return Ok(());
    }
    let mut refusal = Refusal::unmet(&guard.code).citing(guard.basis.clauses());
    refusal.facts = facts;
    Err(refusal)
}

/// Facts of a refusal.
pub(super) type Facts = BTreeMap<String, String>;

/// Facts from pairs.
pub(super) fn facts<const N: usize>(pairs: [(&str, String); N]) -> Facts {
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn holds(rule: &Rule, scene: &Scene<'_>) -> Result<(), Facts> {
    match rule {
        Rule::Complete { fields } => values::complete(fields, scene),
        Rule::OneOf { fields, values } => values::one_of(fields, values, scene),
        Rule::TermAtMost {
            from,
            to,
            limit,
            exact,
        } => values::term(from, to, *limit, *exact, scene),
        Rule::InOrder { low, gap, high } => values::in_order(low, *gap, high, scene),
        Rule::AtMostField { field, ceiling } => values::at_most(field, ceiling, scene),
        Rule::Zero { fields } => values::zero(fields, scene),
        Rule::Balanced { left, right } => values::balanced(left, right, scene),
        Rule::ColumnsJustified { field } => values::columns_justified(field, scene),
        Rule::Linked { link, stages } => links::linked(link, scene, |other| stages.contains(&other.stage)),
        Rule::LinkedField { link, field, values } => links::linked_field(link, field, values, scene),
        Rule::SameAsLinked { field, link, other } => links::same_as_linked(field, link, other, scene),
        Rule::Within { field, via, other } => links::within(field, via, other, scene),
        Rule::SomeCase(query) => links::some_case(query, scene),
        Rule::NoCase(query) => links::no_case(query, scene),
        Rule::WholeDays { clock } => history::whole_days(clock, scene),
        Rule::BeforeDue { clock } => history::before_due(clock, scene),
        Rule::Done { act, since } => history::done(act, since.as_deref(), scene),
        Rule::Retained { act, limit } => history::retained(act, *limit, scene),
        Rule::NoOpenObjection => history::no_open_objection(scene),
        Rule::ObjectionsMended => history::objections_mended(scene),
        Rule::LanesApproved => history::lanes_approved(scene),
        Rule::NotSamePerson { acts } => history::not_same_person(acts, scene),
        Rule::Unaffiliated {
            body,
            role,
            via,
            touches,
            cases,
        } => {
            let rule = affiliates::Compared {
                body,
                role,
                via,
                touches: *touches,
                cases: cases.as_ref(),
            };
            affiliates::unaffiliated(&rule, scene)
        }
        Rule::NotSameBody { role } => history::not_same_body(role, scene),
    }
}

/// Title of a field.
pub(super) fn title(scene: &Scene<'_>, field: &str) -> String {
    scene
        .procedure
        .field(field)
        .map_or_else(|| field.to_owned(), |f| f.title.clone())
}

/// Title of an act.
pub(super) fn act_title(scene: &Scene<'_>, act: &str) -> String {
    scene
        .procedure
        .act(act)
        .map_or_else(|| act.to_owned(), |a| a.title.clone())
}
