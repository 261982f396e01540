//! Every rule of a profile by name, with what it says: the ground on which two versions are compared.

use std::collections::{BTreeMap, BTreeSet};

use shuyu_kernel::{Basis, CivilDate};

use crate::{
    condition::When,
    guard::Guard,
    load::Profile,
    procedure::{Act, ClockRule, LaneBody, Procedure, Stage},
    settings::Dated,
};

/// What a rule says: attribute → text.
pub type Said = BTreeMap<&'static str, String>;

/// One attribute in which two versions differ; a side is `None` where the rule does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Name of the rule, for example `act:plan/submit`.
    pub rule: String,
    /// Attribute.
    pub attribute: &'static str,
    /// In the first version.
    pub before: Option<String>,
    /// In the second version.
    pub after: Option<String>,
}

/// All rules by name.
pub fn described(profile: &Profile) -> BTreeMap<String, Said> {
    let mut rules = BTreeMap::new();
    for instrument in &profile.instruments {
        let said = Said::from([
            ("title", instrument.title.clone()),
            ("status", format!("{:?}", instrument.status)),
            ("in_force_from", shown(instrument.in_force_from.as_ref())),
            ("last_day", shown(instrument.last_day().as_ref())),
            ("preview", instrument.preview.to_string()),
        ]);
        rules.insert(format!("instrument:{}", instrument.id), said);
    }
    for setting in &profile.settings {
        let said = Said::from([
            ("title", setting.title.clone()),
            ("value", setting.value.clone()),
            ("basis", basis(&setting.basis)),
        ]);
        rules.insert(format!("setting:{}", setting.id), said);
    }
    for role in &profile.roles {
        let said = Said::from([
            ("title", role.title.clone()),
            ("signs_in", role.signs_in.to_string()),
            ("single", role.single.to_string()),
            ("basis", basis(&role.basis)),
        ]);
        rules.insert(format!("role:{}", role.id), said);
    }
    for rule in &profile.separations {
        let said = Said::from([("scope", rule.scope.clone()), ("basis", basis(&rule.basis))]);
        rules.insert(format!("separation:{}", rule.roles.join("+")), said);
    }
    for rule in &profile.responsibilities {
        let said = Said::from([("title", rule.title.clone()), ("basis", basis(&rule.basis))]);
        rules.insert(format!("responsibility:{}/{}", rule.role, rule.title_en), said);
    }
    for rule in &profile.superiors {
        let said = Said::from([("is", rule.is.clone()), ("basis", basis(&rule.basis))]);
        rules.insert(format!("superior:{}", rule.of), said);
    }
    for rule in &profile.eligibility {
        let said = Said::from([
            ("stages", rule.stages.join(" ")),
            ("match_field", rule.match_field.clone().unwrap_or_default()),
            ("needed_by", rule.needed_by.join(" ")),
            ("basis", basis(&rule.basis)),
        ]);
        let name = format!("eligibility:{:?}/{}/{}", rule.use_of, rule.procedure, rule.code);
        rules.insert(name.to_lowercase(), said);
    }
    for right in &profile.rights {
        let kind = right.kind.map(|kind| format!("{kind:?}"));
        let said = Said::from([("kind", kind.unwrap_or_default()), ("basis", basis(&right.basis))]);
        let name = format!("right:{:?}/{}/{}", right.to, right.procedure, right.party);
        rules.insert(name.to_lowercase(), said);
    }
    for procedure in &profile.procedures {
        of_procedure(procedure, &mut rules);
    }
    rules
}

/// In what two versions differ, in order of rule and attribute.
pub fn differences(before: &Profile, after: &Profile) -> Vec<Difference> {
    let (old, new) = (described(before), described(after));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut found = Vec::new();
    for name in names {
        let (was, is) = (old.get(name), new.get(name));
        let attributes: BTreeSet<&&'static str> =
            was.into_iter().chain(is).flat_map(BTreeMap::keys).collect();
        for attribute in attributes {
            let side = |said: Option<&Said>| said.and_then(|said| said.get(attribute).cloned());
            let (before, after) = (side(was), side(is));
            if before != after {
                found.push(Difference {
                    rule: name.clone(),
                    attribute,
                    before,
                    after,
                });
            }
        }
    }
    found
}

fn of_procedure(procedure: &Procedure, rules: &mut BTreeMap<String, Said>) {
    let id = &procedure.id;
    let said = Said::from([
        ("title", procedure.title.clone()),
        ("parties", procedure.parties.join(" ")),
        ("open_by", procedure.open.by.join(" ")),
        ("open_starts", procedure.open.starts.join(" ")),
        ("basis", basis(&procedure.basis)),
    ]);
    rules.insert(format!("procedure:{id}"), said);
    if let Some(batch) = &procedure.open.batch {
        let said = Said::from([
            ("then", batch.then.clone().unwrap_or_default()),
            ("basis", basis(&batch.basis)),
        ]);
        rules.insert(format!("batch:{id}"), said);
    }
    for stage in &procedure.stages {
        rules.insert(format!("stage:{id}/{}", stage.id), of_stage(stage));
    }
    for act in &procedure.acts {
        rules.insert(format!("act:{id}/{}", act.id), of_act(act));
    }
    for clock in &procedure.clocks {
        rules.insert(format!("clock:{id}/{}", clock.id), of_clock(clock));
    }
    for lane in &procedure.lanes {
        let body = match &lane.body {
            LaneBody::Role(role) => role.clone(),
            LaneBody::ProvidersOf(field) => format!("providers of {field}"),
        };
        let said = Said::from([
            ("role", lane.role.clone()),
            ("body", body),
            ("clock", lane.clock.clone()),
            ("when", whens(&lane.when)),
            ("basis", basis(&lane.basis)),
        ]);
        rules.insert(format!("lane:{id}/{}", lane.id), said);
    }
    for field in &procedure.fields {
        let choices: Vec<&str> = field.choices.iter().map(|choice| choice.id.as_str()).collect();
        let said = Said::from([
            ("title", field.title.clone()),
            ("type", format!("{:?}", field.ty).to_lowercase()),
            ("group", field.group.clone()),
            ("choices", choices.join(" ")),
            ("personal", field.personal.to_string()),
            ("basis", basis(&field.basis)),
        ]);
        rules.insert(format!("field:{id}/{}", field.id), said);
    }
    let opening = procedure.open.guards.iter().map(|guard| ("open", guard));
    let acting = procedure
        .acts
        .iter()
        .flat_map(|act| act.guards.iter().map(|guard| (act.id.as_str(), guard)));
    for (number, (act, guard)) in opening.chain(acting).enumerate() {
        let name = format!("guard:{id}/{act}/{}", guard.code);
        // The same code may stand twice before one act, under different conditions.
        let name = if rules.contains_key(&name) {
            format!("{name}#{number}")
        } else {
            name
        };
        rules.insert(name, of_guard(guard));
    }
}

fn of_stage(stage: &Stage) -> Said {
    Said::from([
        ("title", stage.title.clone()),
        ("holder", stage.holder.clone().unwrap_or_default()),
        ("final", stage.is_final.to_string()),
        ("rests", stage.rests.to_string()),
        ("basis", basis(&stage.basis)),
    ])
}

fn of_act(act: &Act) -> Said {
    let manners: Vec<String> = act
        .manners
        .iter()
        .map(|manner| format!("{manner:?}").to_lowercase())
        .collect();
    let route: Vec<&str> = act.route.iter().map(|step| step.post.as_str()).collect();
    let effects: Vec<String> = act
        .effects
        .iter()
        .map(|effect| format!("{effect:?}").to_lowercase())
        .collect();
    let extends: Vec<String> = act
        .extends
        .iter()
        .map(|x| format!("{} {}", x.clock, x.limit))
        .collect();
    Said::from([
        ("title", act.title.clone()),
        ("kind", format!("{:?}", act.kind).to_lowercase()),
        ("by", act.by.join(" ")),
        ("from", act.from.join(" ")),
        ("to", act.to.clone().unwrap_or_default()),
        ("manners", manners.join(" ")),
        ("decided_by", act.decided_by.clone().unwrap_or_default()),
        ("route", route.join(" ")),
        ("in_lane", act.in_lane.to_string()),
        ("records", act.records.join(" ")),
        ("starts", act.starts.join(" ")),
        ("stops", act.stops.join(" ")),
        ("extends", extends.join("; ")),
        ("pauses", act.pauses.join(" ")),
        ("resumes", act.resumes.join(" ")),
        ("effects", effects.join(" ")),
        ("basis", basis(&act.basis)),
    ])
}

fn of_clock(clock: &ClockRule) -> Said {
    let limit = clock.limit.map(|limit| limit.to_string());
    let remind = clock.remind.as_ref().map(|days| format!("{days:?}"));
    let set = [&clock.limit_field, &clock.due_field];
    let set = set
        .into_iter()
        .flatten()
        .map(|field| format!("set in {field}"))
        .next();
    let later: Vec<String> = clock
        .later
        .iter()
        .map(|later| format!("{} from {}", later.limit, later.from))
        .collect();
    Said::from([
        ("title", clock.title.clone()),
        ("limit", limit.or(set).unwrap_or_default()),
        ("later", later.join("; ")),
        (
            "no_later_than",
            clock
                .no_later_than
                .as_ref()
                .map(|query| format!("{query:?}"))
                .unwrap_or_default(),
        ),
        ("in_force", days(&clock.dated)),
        ("counted_from", clock.start_field.clone().unwrap_or_default()),
        ("bound", format!("{:?}", clock.bound).to_lowercase()),
        ("holder", clock.holder.clone()),
        ("on_miss", format!("{:?}", clock.on_miss).to_lowercase()),
        ("remind", shown(remind.as_ref())),
        ("when", whens(&clock.when)),
        ("basis", basis(&clock.basis)),
    ])
}

fn of_guard(guard: &Guard) -> Said {
    Said::from([
        ("rule", format!("{:?}", guard.rule)),
        ("when", whens(&guard.when)),
        ("in_force", days(&guard.dated)),
        ("exception", guard.exception.clone().unwrap_or_default()),
        ("basis", basis(&guard.basis)),
    ])
}

fn days(dated: &Dated) -> String {
    let side = |day: Option<CivilDate>| day.map(|day| day.to_string()).unwrap_or_default();
    match (dated.from, dated.to) {
        (None, None) => String::new(),
        (from, to) => format!("{}..{}", side(from), side(to)),
    }
}

fn whens(list: &[When]) -> String {
    let texts: Vec<String> = list.iter().map(|when| format!("{when:?}")).collect();
    texts.join(" and ")
}

/// A basis in one line.
fn basis(basis: &Basis) -> String {
    match basis {
        Basis::Cite(clauses) => {
            let ids: Vec<&str> = clauses.iter().map(shuyu_kernel::ClauseId::as_str).collect();
            ids.join(" ")
        }
        Basis::Inferred(reason) => format!("inferred: {reason}"),
        Basis::AgreementItem(item) => format!("agreement: {item}"),
        Basis::PlatformDefault(reason) => format!("platform default: {reason}"),
    }
}

fn shown<T: ToString>(value: Option<&T>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}
