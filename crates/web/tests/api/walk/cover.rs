//! What has to be walked, and a few scenarios that walk it.

use std::collections::{BTreeMap, BTreeSet};

use shuyu_domain::{
    Case,
    scenario::{World, Written, steps_of, take},
};
use shuyu_kernel::{CivilDate, Manner};
use shuyu_profile::{
    Act, Field, FieldType, Procedure, Profile,
    scenario::{Scenario, Step, Then},
};

/// An act of a procedure; `open` for its opening.
pub type Goal = (String, String);

/// Every act and every opening.
pub fn goals(profile: &Profile) -> BTreeSet<Goal> {
    let of = |procedure: &Procedure| {
        let acts = procedure.acts.iter().map(|act| act.id.clone());
        let id = procedure.id.clone();
        acts.chain(["open".to_owned()])
            .map(move |act| (id.clone(), act))
            .collect::<Vec<_>>()
    };
    profile.procedures.iter().flat_map(of).collect()
}

/// Scenarios that together take these acts, each chosen because it takes most of what is left for its length; acts
/// that none takes are left out.
pub fn chosen(scenarios: &BTreeMap<String, Scenario>, mut left: BTreeSet<Goal>) -> Vec<String> {
    let takes: BTreeMap<&String, (BTreeSet<Goal>, usize)> = scenarios
        .keys()
        .map(|name| (name, takes(scenarios, name)))
        .collect();
    let mut chosen = Vec::new();
    loop {
        // Acts still to be taken, in thousandths of an act for each step.
        let worth = |(goals, steps): &(BTreeSet<Goal>, usize)| {
            let new = goals.intersection(&left).count();
            (new * 1000 / (steps + 5), new)
        };
        let best = takes.iter().max_by_key(|(_, what)| worth(what));
        let Some((name, (goals, _))) = best.filter(|(_, what)| worth(what).1 > 0) else {
            return chosen;
        };
        left = &left - goals;
        chosen.push((*name).clone());
    }
}

/// Acts that succeed in a scenario, and how many steps it has.
fn takes(scenarios: &BTreeMap<String, Scenario>, name: &str) -> (BTreeSet<Goal>, usize) {
    let steps = steps_of(scenarios, name).unwrap();
    let mut procedures = BTreeMap::new();
    let mut goals = BTreeSet::new();
    for written in &steps {
        let step = written.step;
        let opens = step.act.strip_prefix("open ");
        if let Some(procedure) = opens {
            procedures.entry(step.case.as_str()).or_insert(procedure);
        }
        if step.refused.is_none() {
            let procedure = procedures[step.case.as_str()].to_owned();
            let act = opens.map_or(step.act.as_str(), |_| "open").to_owned();
            goals.insert((procedure, act));
        }
    }
    (goals, steps.len())
}

/// Steps that no scenario has, after the first steps of one. The last of them takes the act.
#[derive(Clone)]
pub struct MadeUp {
    pub scenario: String,
    /// Steps of the scenario before them.
    pub after: usize,
    pub steps: Vec<Step>,
}

/// Tries for each act, before it is given up.
const TRIES: usize = 60;

/// For acts that no scenario takes: steps of our own in the first state of some scenario in which the engine lets
/// them succeed.
pub fn made_up(
    profile: &Profile,
    scenarios: &BTreeMap<String, Scenario>,
    missing: BTreeSet<Goal>,
) -> BTreeMap<Goal, MadeUp> {
    let mut search = Search {
        profile,
        left: missing.into_iter().map(|goal| (goal, TRIES)).collect(),
        found: BTreeMap::new(),
    };
    for name in scenarios.keys() {
        let mut world = World::new(profile);
        for (at, written) in steps_of(scenarios, name).unwrap().iter().enumerate() {
            if search.left.is_empty() {
                return search.found;
            }
            take(&mut world, profile, written).unwrap();
            let place = MadeUp {
                scenario: name.clone(),
                after: at + 1,
                steps: Vec::new(),
            };
            let step = written.step;
            search.explores(&world, &place, &step.case, step.entered_on.unwrap_or(step.on));
        }
    }
    search.found
}

struct Search<'a> {
    profile: &'a Profile,
    /// Acts still to be taken, and how many tries each has left.
    left: BTreeMap<Goal, usize>,
    found: BTreeMap<Goal, MadeUp>,
}

impl Search<'_> {
    /// Tries every act that is left in a case as it stands, and goes on from where one succeeds.
    fn explores(&mut self, world: &World, place: &MadeUp, name: &str, on: CivilDate) {
        let Some(case) = world.names.get(name).map(|id| &world.cases[id]) else {
            return;
        };
        let rules = self.profile.procedure(&case.procedure).unwrap();
        for act in rules.acts.iter().filter(|act| act.from.contains(&case.stage)) {
            let goal = (rules.id.clone(), act.id.clone());
            match self.left.get_mut(&goal) {
                Some(tries) if *tries > 0 => *tries -= 1,
                _ => continue,
            }
            if let Some(step) = succeeding(world, self.profile, (rules, act), case, name, on) {
                let mut place = place.clone();
                let mut world = world.clone();
                take(&mut world, self.profile, &ours(&step)).unwrap();
                place.steps.push(step);
                self.found.insert(goal.clone(), place.clone());
                self.left.remove(&goal);
                self.explores(&world, &place, name, on);
            }
        }
    }
}

/// A step of our own, in its place.
pub fn ours(step: &Step) -> Written<'_> {
    Written {
        scenario: "made-up",
        number: 1,
        step,
        begins: None,
    }
}

/// A step that somebody who may take the act can take here.
fn succeeding(
    world: &World,
    profile: &Profile,
    (rules, act): (&Procedure, &Act),
    case: &Case,
    name: &str,
    on: CivilDate,
) -> Option<Step> {
    for role in &act.by {
        let bodies = case.parties.get(role).into_iter().flatten();
        let bodies: Vec<String> = bodies.map(|body| world.registry.body_name(*body)).collect();
        let Some(body) = bodies.first() else { continue };
        for full in [true, false] {
            let step = Step {
                on,
                entered_on: None,
                actor: format!("{role}:{body}:walker"),
                post: act.route.first().map_or("clerk", |step| &step.post).to_owned(),
                delegation: None,
                act: act.id.clone(),
                case: name.to_owned(),
                lane: act.in_lane.then(|| lane_of(world, case, role)).flatten(),
                manner: if act.manners.contains(&Manner::InPerson) {
                    Manner::InPerson
                } else {
                    Manner::OnBehalf
                },
                set: if full {
                    values(world, rules, act, on)
                } else {
                    BTreeMap::new()
                },
                fill: true,
                without: Vec::new(),
                strike: Vec::new(),
                route: true,
                refused: None,
                clause: None,
                then: Then::default(),
            };
            if take(&mut world.clone(), profile, &ours(&step)).is_ok() {
                return Some(step);
            }
        }
    }
    None
}

fn lane_of(world: &World, case: &Case, role: &str) -> Option<String> {
    let lane = case.lanes.values().find(|lane| lane.role == role)?;
    Some(format!("{}:{}", lane.rule, world.registry.body_name(lane.body)))
}

/// A value for every field of the act that can have one.
fn values(world: &World, rules: &Procedure, act: &Act, on: CivilDate) -> BTreeMap<String, String> {
    let fields = act.records.iter().filter_map(|id| rules.field(id));
    fields
        .filter(|field| field.measured.is_none())
        .filter_map(|field| Some((field.id.clone(), value(world, field, on)?)))
        .collect()
}

fn value(world: &World, field: &Field, on: CivilDate) -> Option<String> {
    Some(match field.ty {
        FieldType::Text | FieldType::Paragraph => field.title.clone(),
        FieldType::Date => on.to_string(),
        FieldType::Money => "0".to_owned(),
        FieldType::Integer => "1".to_owned(),
        FieldType::YesNo => "no".to_owned(),
        FieldType::Choice => field.choices.first()?.id.clone(),
        FieldType::File => format!("file:{}.pdf", field.title),
        FieldType::Figures => "n=1".to_owned(),
        FieldType::Person => "person:walker".to_owned(),
        FieldType::Body => {
            let mut bodies = world.registry.bodies.values();
            let role = field.party.as_ref();
            let body = bodies.find(|body| role.is_none_or(|role| body.roles.contains(role)))?;
            format!("body:{}", body.name)
        }
        FieldType::Case | FieldType::Cases => {
            let fits =
                |id: &shuyu_kernel::CaseId| Some(&world.cases[id].procedure) == field.procedure.as_ref();
            let (name, _) = world.names.iter().find(|(_, id)| fits(id))?;
            format!("case:{name}")
        }
        FieldType::Columns => return None,
    })
}
