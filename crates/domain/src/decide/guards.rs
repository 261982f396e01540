//! Guards: one function per rule of the closed list. All guards of an act are asked; the first "no" is the answer.

use std::collections::BTreeMap;

use shuyu_kernel::{CaseId, CivilDate, Refusal, calendar::Limit};
use shuyu_profile::{ActKind, Guard, Procedure, Rule, When};

use crate::{
    case::{Case, LaneStatus},
    command::Context,
    value::Value,
};

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

/// Asks all guards in order.
///
/// # Errors
/// The refusal of the first guard that does not hold, with its code, clauses and facts.
pub fn check(guards: &[Guard], scene: &Scene<'_>) -> Result<(), Refusal> {
    guards.iter().try_for_each(|guard| check_one(guard, scene))
}

fn check_one(guard: &Guard, scene: &Scene<'_>) -> Result<(), Refusal> {
    if guard.when.as_ref().is_some_and(|when| !applies(when, scene)) {
        return Ok(());
    }
    let Err(facts) = holds(&guard.rule, scene) else {
        return Ok(());
    };
    if guard
        .exception
        .as_ref()
        .is_some_and(|act| has_exception(act, scene))
    {
        return Ok(());
    }
    let mut refusal = Refusal::unmet(&guard.code).citing(guard.basis.clauses());
    refusal.facts = facts;
    Err(refusal)
}

fn applies(when: &When, scene: &Scene<'_>) -> bool {
    scene
        .fields
        .get(&when.field)
        .is_some_and(|value| when.is.contains(&value.text()))
}

/// 原则上: an exception needs an act of its own, by which whoever approves the object itself approved it, with a
/// written reason and the paper.
fn has_exception(act: &str, scene: &Scene<'_>) -> bool {
    let approved = scene
        .case
        .and_then(|case| case.last(act))
        .is_some_and(|taken| taken.happened_on <= scene.happened_on);
    approved
        && ["exception_reason", "exception_paper"]
            .iter()
            .all(|field| scene.fields.get(*field).is_some_and(|value| !value.is_empty()))
}

type Facts = BTreeMap<String, String>;

fn facts<const N: usize>(pairs: [(&str, String); N]) -> Facts {
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn holds(rule: &Rule, scene: &Scene<'_>) -> Result<(), Facts> {
    match rule {
        Rule::Complete { fields } => complete(fields, scene),
        Rule::OneOf { field, values } => one_of(field, values, scene),
        Rule::TermAtMost { from, to, limit } => term_at_most(date(scene, from), date(scene, to), *limit),
        Rule::Linked { link, stages } => linked(link, scene, |other| stages.contains(&other.stage)),
        Rule::LinkedField { link, field, values } => linked(link, scene, |other| {
            other
                .fields
                .get(field)
                .is_some_and(|value| values.contains(&value.text()))
        }),
        Rule::SameAsLinked { field, link, other } => {
            let own = scene.fields.get(field);
            linked(link, scene, |case| own.is_some() && case.fields.get(other) == own)
        }
        Rule::Within { field, via, other } => within(field, via, other, scene),
        Rule::WholeDays { clock } => whole_days(clock, scene),
        Rule::BeforeDue { clock } => before_due(clock, scene),
        Rule::NoOpenObjection => {
            let open = scene.case.map_or(0, |case| {
                case.objections.iter().filter(|o| o.upheld.is_none()).count()
            });
            if open == 0 {
                Ok(())
            } else {
                Err(facts([("open", open.to_string())]))
            }
        }
        Rule::ObjectionsMended => objections_mended(scene),
        Rule::NotSamePerson { acts } => {
            let person = scene.ctx.actor.person;
            let took = scene.case.and_then(|case| {
                let mut taken = case.acts.iter();
                taken.find(|t| acts.contains(&t.act) && t.people.contains(&person))
            });
            match took {
                Some(taken) => Err(facts([("act", act_title(scene, &taken.act))])),
                None => Ok(()),
            }
        }
        Rule::NotSameBody { role } => {
            let same = scene.case.is_some_and(|case| {
                case.parties
                    .get(role)
                    .is_some_and(|bodies| bodies.contains(&scene.ctx.actor.body))
            });
            if same {
                Err(facts([(
                    "body",
                    scene.ctx.registry.body_name(scene.ctx.actor.body),
                )]))
            } else {
                Ok(())
            }
        }
        Rule::Done { act, since } => {
            if scene
                .case
                .is_some_and(|case| done(case, act, since.as_deref(), scene.happened_on))
            {
                Ok(())
            } else {
                Err(facts([("act", act_title(scene, act))]))
            }
        }
        Rule::LanesApproved => lanes_approved(scene),
        Rule::AtMostField { field, ceiling } => match (scene.fields.get(field), scene.fields.get(ceiling)) {
            (Some(Value::Money(price)), Some(Value::Money(top))) if price <= top && price.fen() >= 0 => {
                Ok(())
            }
            (price, top) => {
                let text = |value: Option<&Value>| value.map(Value::text).unwrap_or_default();
                Err(facts([("price", text(price)), ("ceiling", text(top))]))
            }
        },
        Rule::Zero { field } => match scene.fields.get(field) {
            Some(Value::Money(money)) if money.fen() == 0 => Ok(()),
            other => Err(facts([("price", other.map(Value::text).unwrap_or_default())])),
        },
        Rule::Retained { act, limit } => retained(act, *limit, scene),
        Rule::Balanced { left, right } => match (scene.fields.get(left), scene.fields.get(right)) {
            (Some(Value::Integer(a)), Some(Value::Integer(b))) if a == b => Ok(()),
            (a, b) => {
                let text = |value: Option<&Value>| value.map(Value::text).unwrap_or_default();
                Err(facts([("left", text(a)), ("right", text(b))]))
            }
        },
        Rule::ColumnsJustified { field } => columns_justified(field, scene),
    }
}

fn term_at_most(from: Option<CivilDate>, to: Option<CivilDate>, limit: Limit) -> Result<(), Facts> {
    let last = from.and_then(|from| Some(limit.last_day(from)?.plus_days(-1)));
    if let (Some(from), Some(to), Some(last)) = (from, to, last)
        && (from..=last).contains(&to)
    {
        return Ok(());
    }
    let text = |day: Option<CivilDate>| day.map(|day| day.to_string()).unwrap_or_default();
    Err(facts([
        ("limit", limit.to_string()),
        ("last", text(last)),
        ("to", text(to)),
    ]))
}

/// Whether the act was taken, not later than that day, and after the last `since`.
fn done(case: &Case, act: &str, since: Option<&str>, by: CivilDate) -> bool {
    let position = |id: &str| case.acts.iter().rposition(|taken| taken.act == id);
    let reset = since.and_then(position);
    position(act).is_some_and(|at| reset.is_none_or(|reset| at > reset))
        && case.last(act).is_some_and(|taken| taken.happened_on <= by)
}

/// Answers come in the order of the objections, one act each; an upheld one is mended by a later public notice.
fn objections_mended(scene: &Scene<'_>) -> Result<(), Facts> {
    let Some(case) = scene.case else { return Ok(()) };
    let of_kind = |kind: ActKind| {
        case.acts
            .iter()
            .enumerate()
            .filter(move |(_, taken)| {
                scene
                    .procedure
                    .act(&taken.act)
                    .is_some_and(|act| act.kind == kind)
            })
            .map(|(at, _)| at)
    };
    let renewed = of_kind(ActKind::Publicise).last();
    let answered = case.objections.iter().filter_map(|o| Some((o.number, o.upheld?)));
    let open: Vec<String> = answered
        .zip(of_kind(ActKind::AnswerObjection))
        .filter(|((_, upheld), at)| *upheld && renewed.is_none_or(|renewed| renewed < *at))
        .map(|((number, _), _)| number.to_string())
        .collect();
    if open.is_empty() {
        return Ok(());
    }
    Err(facts([("upheld", open.join("; "))]))
}

fn date(scene: &Scene<'_>, field: &str) -> Option<CivilDate> {
    match scene.fields.get(field) {
        Some(Value::Date(date)) => Some(*date),
        _ => None,
    }
}

fn title(scene: &Scene<'_>, field: &str) -> String {
    scene
        .procedure
        .field(field)
        .map_or_else(|| field.to_owned(), |f| f.title.clone())
}

fn act_title(scene: &Scene<'_>, act: &str) -> String {
    scene
        .procedure
        .act(act)
        .map_or_else(|| act.to_owned(), |a| a.title.clone())
}

fn complete(fields: &[String], scene: &Scene<'_>) -> Result<(), Facts> {
    let missing: Vec<String> = fields
        .iter()
        .filter(|field| scene.fields.get(*field).is_none_or(Value::is_empty))
        .map(|field| title(scene, field))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(facts([
        ("missing", missing.join("; ")),
        ("count", missing.len().to_string()),
        ("needed", fields.len().to_string()),
    ]))
}

fn one_of(field: &str, values: &[String], scene: &Scene<'_>) -> Result<(), Facts> {
    let value = scene.fields.get(field).map(Value::text).unwrap_or_default();
    if values.contains(&value) {
        return Ok(());
    }
    let shown = scene
        .procedure
        .field(field)
        .and_then(|f| f.choices.iter().find(|choice| choice.id == value))
        .map_or(value, |choice| choice.title.clone());
    Err(facts([("field", title(scene, field)), ("value", shown)]))
}

fn linked(link: &str, scene: &Scene<'_>, good: impl Fn(&Case) -> bool) -> Result<(), Facts> {
    let ids: Vec<CaseId> = scene.fields.get(link).map(Value::cases).unwrap_or_default();
    let bad: Vec<String> = ids
        .iter()
        .filter_map(|id| match scene.ctx.linked.get(id) {
            Some(other) if good(other) => None,
            Some(other) => Some(other.title.clone()),
            None => Some(id.to_string()),
        })
        .collect();
    if bad.is_empty() && !ids.is_empty() {
        return Ok(());
    }
    Err(facts([("field", title(scene, link)), ("case", bad.join("; "))]))
}

/// Follows the links from this case, then asks whether each case named in the field stands in the scope found.
fn within(field: &str, via: &[String], other: &str, scene: &Scene<'_>) -> Result<(), Facts> {
    let mut fields = scene.fields;
    for link in via {
        let next = fields.get(link).map(Value::cases).unwrap_or_default();
        match next.first().and_then(|id| scene.ctx.linked.get(id)) {
            Some(case) => fields = &case.fields,
            None => return Err(facts([("field", title(scene, field)), ("case", String::new())])),
        }
    }
    let scope = fields.get(other).map(Value::cases).unwrap_or_default();
    let named = scene.fields.get(field).map(Value::cases).unwrap_or_default();
    let outside: Vec<String> = named
        .iter()
        .filter(|id| !scope.contains(id))
        .map(|id| {
            scene
                .ctx
                .linked
                .get(id)
                .map_or_else(|| id.to_string(), |case| case.title.clone())
        })
        .collect();
    if outside.is_empty() && !named.is_empty() {
        return Ok(());
    }
    Err(facts([
        ("field", title(scene, field)),
        ("case", outside.join("; ")),
    ]))
}

fn whole_days(clock: &str, scene: &Scene<'_>) -> Result<(), Facts> {
    let Some(started) = scene.case.and_then(|case| case.latest_clock(clock)) else {
        return Err(facts([
            ("started", String::new()),
            ("until", String::new()),
            ("from", String::new()),
        ]));
    };
    let next = scene
        .ctx
        .profile
        .calendar
        .on_or_after(started.run.due.plus_days(1));
    if scene.happened_on >= next {
        return Ok(());
    }
    Err(facts([
        ("started", started.run.started_on.to_string()),
        ("until", started.run.due.to_string()),
        ("from", next.to_string()),
    ]))
}

/// A clock that never ran has no due day to keep, so nothing was in time.
fn before_due(clock: &str, scene: &Scene<'_>) -> Result<(), Facts> {
    match scene.case.and_then(|case| case.latest_clock(clock)) {
        Some(clock) if scene.happened_on <= clock.run.due => Ok(()),
        latest => {
            let due = latest.map(|clock| clock.run.due.to_string()).unwrap_or_default();
            Err(facts([("due", due)]))
        }
    }
}

fn lanes_approved(scene: &Scene<'_>) -> Result<(), Facts> {
    let lanes = scene.case.map(|case| &case.lanes);
    let open: Vec<String> = lanes
        .into_iter()
        .flatten()
        .filter(|(_, lane)| lane.status != LaneStatus::Approved)
        .map(|(_, lane)| scene.ctx.registry.body_name(lane.body))
        .collect();
    if open.is_empty() && lanes.is_some_and(|lanes| !lanes.is_empty()) {
        return Ok(());
    }
    Err(facts([
        ("open", open.join("; ")),
        ("count", open.len().to_string()),
    ]))
}

fn retained(act: &str, limit: Limit, scene: &Scene<'_>) -> Result<(), Facts> {
    let since = scene
        .case
        .and_then(|case| case.last(act))
        .map_or(scene.happened_on, |taken| taken.happened_on);
    // What must be kept so long is kept to that very day: only limits for acting roll over rest days.
    let until = limit
        .last_day(since)
        .unwrap_or_else(|| scene.ctx.profile.calendar.due_on(since, limit));
    if scene.happened_on >= until {
        return Ok(());
    }
    Err(facts([
        ("since", since.to_string()),
        ("until", until.to_string()),
    ]))
}

fn columns_justified(field: &str, scene: &Scene<'_>) -> Result<(), Facts> {
    let Some(Value::Columns(tables)) = scene.fields.get(field) else {
        return Err(facts([("table", String::new()), ("column", String::new())]));
    };
    for table in tables {
        let idle = table
            .columns
            .iter()
            .find(|(_, uses)| uses.is_empty())
            .map(|(column, _)| column.clone());
        if table.reason.is_empty() || table.columns.is_empty() || idle.is_some() {
            return Err(facts([
                ("table", table.table.clone()),
                ("column", idle.unwrap_or_default()),
            ]));
        }
    }
    Ok(())
}
