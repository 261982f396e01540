//! The scenario format: given / when / then in words a legal reviewer can read and an outsider can add.
//!
//! See `profiles/README.md` for the format with an example. The runner lives in `shuyu-domain`.

use std::collections::BTreeMap;

use serde::Deserialize;
use shuyu_kernel::{CivilDate, ClauseId, Manner};

use crate::{load::ProfileError, source::ProfileSource};

/// A scenario file: dated steps, each expected to succeed or to be refused.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "RawScenario")]
pub struct Scenario {
    /// What is shown, one sentence in Chinese.
    pub title: String,
    /// Scenario whose steps run first, by file name without `.toml`.
    pub after: Option<String>,
    /// Holdings that stand from the beginning.
    pub holdings: Vec<HoldingGiven>,
    /// Legal representatives.
    pub representatives: Vec<RepresentativeGiven>,
    /// Findings of a regulator.
    pub findings: Vec<FindingGiven>,
    /// Steps in order.
    pub steps: Vec<Step>,
}

/// A holding as a scenario gives it; bodies by name, made up on first use.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldingGiven {
    /// Who holds.
    pub owner: String,
    /// In whom.
    pub of: String,
    /// Share in basis points.
    #[serde(default)]
    pub share: u32,
    /// Control declared.
    #[serde(default)]
    pub control: bool,
    /// The owner holds for the state.
    #[serde(default)]
    pub state: bool,
    /// First day.
    pub from: CivilDate,
    /// Last day.
    #[serde(default)]
    pub until: Option<CivilDate>,
}

/// A legal representative as a scenario gives one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepresentativeGiven {
    /// Body.
    pub body: String,
    /// Made-up person.
    pub person: String,
    /// First day.
    pub from: CivilDate,
}

/// A regulator's finding as a scenario gives one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingGiven {
    /// One body.
    pub a: String,
    /// The other.
    pub b: String,
    /// First day.
    pub from: CivilDate,
}

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Day the act happens (发生日).
    pub on: CivilDate,
    /// Day it is entered (登记日), if later.
    pub entered_on: Option<CivilDate>,
    /// Who: `role` or `role:body` or `role:body:person`; unknown bodies and people are made up on first use.
    pub actor: String,
    /// Post of the person; default `clerk`.
    pub post: String,
    /// The paper under which somebody acts for another person.
    pub delegation: Option<DelegationPaper>,
    /// `open <procedure>` or the id of an act.
    pub act: String,
    /// Name of the case in this file.
    pub case: String,
    /// Lane, for acts taken in a lane: `lane:body`.
    pub lane: Option<String>,
    /// Manner; in person by default.
    pub manner: Manner,
    /// Fields, as text: dates, amounts, `case:<name>`, `body:<name>`, `file:<name>`.
    pub set: BTreeMap<String, String>,
    /// Also gives every field that a guard of the act wants complete a value of its type.
    pub fill: bool,
    /// Fields that `fill` leaves out.
    pub without: Vec<String>,
    /// Columns struck in a lane, `table.column`.
    pub strike: Vec<String>,
    /// Run the remaining steps of the route too, each by another person of the body with the right post.
    pub route: bool,
    /// Code of the refusal expected; absent = the act succeeds.
    pub refused: Option<String>,
    /// Clause the refusal must cite.
    pub clause: Option<ClauseId>,
    /// What holds afterwards.
    pub then: Then,
}

/// A delegation paper (授权书) as a step names it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DelegationPaper {
    /// Number of the paper.
    pub number: String,
    /// Who delegates: a person of the same body, holding the post.
    pub of: String,
    /// First day.
    pub from: CivilDate,
    /// Last day.
    pub until: CivilDate,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawScenario {
    title: String,
    #[serde(default)]
    after: Option<String>,
    #[serde(default, rename = "holding")]
    holdings: Vec<HoldingGiven>,
    #[serde(default, rename = "representative")]
    representatives: Vec<RepresentativeGiven>,
    #[serde(default, rename = "finding")]
    findings: Vec<FindingGiven>,
    #[serde(default, rename = "step")]
    steps: Vec<RawStep>,
}

#[derive(Deserialize, Clone, Default)]
#[serde(deny_unknown_fields)]
struct RawStep {
    /// Name by which a later step repeats this one.
    label: Option<String>,
    /// The earlier step to take again, with what stands here changed.
    again: Option<String>,
    on: Option<CivilDate>,
    entered_on: Option<CivilDate>,
    #[serde(rename = "as")]
    actor: Option<String>,
    post: Option<String>,
    delegation: Option<DelegationPaper>,
    #[serde(rename = "do")]
    act: Option<String>,
    case: Option<String>,
    lane: Option<String>,
    manner: Option<Manner>,
    set: Option<BTreeMap<String, String>>,
    /// With `again`: values that differ.
    #[serde(default)]
    change: BTreeMap<String, String>,
    /// With `again`: values left out.
    #[serde(default)]
    unset: Vec<String>,
    fill: Option<bool>,
    without: Option<Vec<String>>,
    strike: Option<Vec<String>>,
    route: Option<bool>,
    refused: Option<String>,
    clause: Option<ClauseId>,
    #[serde(default)]
    then: Then,
}

impl TryFrom<RawScenario> for Scenario {
    type Error = String;
    fn try_from(raw: RawScenario) -> Result<Self, String> {
        let mut labelled: BTreeMap<String, RawStep> = BTreeMap::new();
        let mut steps = Vec::new();
        for (index, step) in raw.steps.into_iter().enumerate() {
            let fault = |message: String| format!("step {}: {message}", index + 1);
            let step = repeated(step, &labelled).map_err(fault)?;
            if let Some(label) = step.label.clone() {
                labelled.insert(label, step.clone());
            }
            steps.push(whole(step).map_err(fault)?);
        }
        Ok(Self {
            title: raw.title,
            after: raw.after,
            holdings: raw.holdings,
            representatives: raw.representatives,
            findings: raw.findings,
            steps,
        })
    }
}

/// A step that repeats another takes everything from it that it does not say itself, except what was expected.
fn repeated(step: RawStep, labelled: &BTreeMap<String, RawStep>) -> Result<RawStep, String> {
    let Some(label) = &step.again else {
        return if step.change.is_empty() && step.unset.is_empty() {
            Ok(step)
        } else {
            Err("`change` and `unset` go with `again`".to_owned())
        };
    };
    let old = labelled
        .get(label)
        .cloned()
        .ok_or(format!("no earlier step is labelled `{label}`"))?;
    let mut set = step.set.or(old.set).unwrap_or_default();
    set.extend(step.change);
    set.retain(|id, _| !step.unset.contains(id));
    let mut without = step.without.or(old.without).unwrap_or_default();
    without.extend(step.unset);
    without.retain(|id| !set.contains_key(id));
    Ok(RawStep {
        label: step.label,
        again: None,
        on: step.on.or(old.on),
        entered_on: step.entered_on.or(old.entered_on),
        actor: step.actor.or(old.actor),
        post: step.post.or(old.post),
        delegation: step.delegation.or(old.delegation),
        act: step.act.or(old.act),
        case: step.case.or(old.case),
        lane: step.lane.or(old.lane),
        manner: step.manner.or(old.manner),
        set: Some(set),
        change: BTreeMap::new(),
        unset: Vec::new(),
        fill: step.fill.or(old.fill),
        without: Some(without),
        strike: step.strike.or(old.strike),
        route: step.route.or(old.route),
        refused: step.refused,
        clause: step.clause,
        then: step.then,
    })
}

fn whole(step: RawStep) -> Result<Step, String> {
    let missing = |name: &str| format!("`{name}` is missing");
    Ok(Step {
        on: step.on.ok_or_else(|| missing("on"))?,
        entered_on: step.entered_on,
        actor: step.actor.ok_or_else(|| missing("as"))?,
        post: step.post.unwrap_or_else(|| "clerk".to_owned()),
        delegation: step.delegation,
        act: step.act.ok_or_else(|| missing("do"))?,
        case: step.case.ok_or_else(|| missing("case"))?,
        lane: step.lane,
        manner: step.manner.unwrap_or(Manner::InPerson),
        set: step.set.unwrap_or_default(),
        fill: step.fill.unwrap_or(false),
        without: step.without.unwrap_or_default(),
        strike: step.strike.unwrap_or_default(),
        route: step.route.unwrap_or(true),
        refused: step.refused,
        clause: step.clause,
        then: step.then,
    })
}

/// Expectations after a step.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Then {
    /// Stage of the case.
    #[serde(default)]
    pub stage: Option<String>,
    /// Clock → due date.
    #[serde(default)]
    pub due: BTreeMap<String, CivilDate>,
    /// Clock → not running any more.
    #[serde(default)]
    pub stopped: Vec<String>,
    /// A permit exists for the case, or does not.
    #[serde(default)]
    pub permit: Option<bool>,
    /// Due dates of lane clocks: `lane:body` → date.
    #[serde(default)]
    pub lane_due: BTreeMap<String, CivilDate>,
}

/// All scenarios of a profile folder by file name without `.toml`.
pub fn scenarios(source: &ProfileSource) -> Result<BTreeMap<String, Scenario>, Vec<ProfileError>> {
    let mut found = BTreeMap::new();
    let mut errors = Vec::new();
    for (path, text) in source.under("scenarios") {
        let Some(name) = path
            .strip_prefix("scenarios/")
            .and_then(|name| name.strip_suffix(".toml"))
        else {
            continue;
        };
        match toml::from_str::<Scenario>(text) {
            Ok(scenario) => {
                found.insert(name.to_owned(), scenario);
            }
            Err(error) => errors.push(ProfileError {
                file: format!("{}/{path}", source.name),
                line: error
                    .span()
                    .map_or(0, |span| crate::load::line_of(text, span.start)),
                message: error.message().to_owned(),
            }),
        }
    }
    if errors.is_empty() { Ok(found) } else { Err(errors) }
}
