//! Which inputs a form has. Pure: from the procedure and the state of the case.

use std::collections::BTreeSet;

use shuyu_domain::{Case, Value};
use shuyu_kernel::{Basis, Manner};
use shuyu_profile::{Act, ActKind, Field, FieldType, Guard, Operand, Place, Procedure, Rule};

use crate::page::Frame;

/// Forms with at most this many inputs are one page.
const SINGLE_PAGE: usize = 6;

/// One thing a form asks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Input {
    /// A field of the procedure.
    Field {
        /// The field.
        field: Box<Field>,
        /// Some rule of this act asks for it.
        required: bool,
    },
    /// In person, or on behalf from a paper.
    Manner,
    /// 发生日 of an act entered from a paper.
    HappenedOn {
        /// The act is always entered from a paper.
        required: bool,
    },
    /// The paper it is entered from.
    Paper {
        /// The act is always entered from a paper.
        required: bool,
    },
    /// Columns to strike in a lane.
    Strike {
        /// `table.column`.
        columns: Vec<String>,
    },
}

/// Key of the manner in a draft. Field ids never hold `#`.
pub(crate) const MANNER: &str = "#manner";
/// Key of 发生日 in a draft.
pub(crate) const HAPPENED_ON: &str = "#happened_on";
/// Key of the paper in a draft.
pub(crate) const PAPER: &str = "#paper";
/// Key of struck columns in a draft, one a line.
pub(crate) const STRIKE: &str = "#strike";

impl Input {
    /// The field, if it is one.
    pub(crate) fn field(&self) -> Option<&Field> {
        match self {
            Self::Field { field, .. } => Some(field),
            Self::Manner | Self::HappenedOn { .. } | Self::Paper { .. } | Self::Strike { .. } => None,
        }
    }

    /// Key in the draft.
    pub(crate) fn key(&self) -> &str {
        match self {
            Self::Field { field, .. } => &field.id,
            Self::Manner => MANNER,
            Self::HappenedOn { .. } => HAPPENED_ON,
            Self::Paper { .. } => PAPER,
            Self::Strike { .. } => STRIKE,
        }
    }

    /// Id in the page; field ids never hold `-`.
    pub(crate) fn html_id(&self) -> &str {
        match self {
            Self::Field { field, .. } => &field.id,
            Self::Manner => "act-manner",
            Self::HappenedOn { .. } => "act-happened-on",
            Self::Paper { .. } => "act-paper",
            Self::Strike { .. } => "act-strike",
        }
    }

    /// Words.
    pub(crate) fn label(&self, frame: &Frame) -> String {
        match self {
            Self::Field { field, .. } => frame.pick(&field.title, &field.title_en).to_owned(),
            Self::Manner => frame.t("form-manner"),
            Self::HappenedOn { .. } => frame.t("form-happened-on"),
            Self::Paper { .. } => frame.t("form-paper"),
            Self::Strike { .. } => frame.t("form-strike"),
        }
    }

    /// Whether an answer is needed.
    pub(crate) fn required(&self) -> bool {
        match self {
            Self::Field { required, .. } | Self::HappenedOn { required } | Self::Paper { required } => {
                *required
            }
            Self::Manner => true,
            Self::Strike { .. } => false,
        }
    }
}

/// A page of a form.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct GroupPlan {
    /// Id in the address.
    pub id: String,
    /// Chinese title; empty = the form's own title.
    pub title: String,
    /// English title.
    pub title_en: String,
    /// Inputs.
    pub inputs: Vec<Input>,
}

/// All pages of a form.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Plan {
    /// Pages.
    pub groups: Vec<GroupPlan>,
}

impl Plan {
    /// The page with this id.
    pub(crate) fn group(&self, id: &str) -> Option<&GroupPlan> {
        self.groups.iter().find(|group| group.id == id)
    }

    /// Whether some act is entered from a paper.
    pub(crate) fn takes_paper(&self) -> bool {
        self.groups
            .iter()
            .flat_map(|group| &group.inputs)
            .any(|input| matches!(input, Input::Paper { .. }))
    }

    /// The form for opening a case: the fields that stand in groups.
    pub(crate) fn opening(procedure: &Procedure) -> Self {
        let needed = needed(&procedure.open.guards);
        let inputs = procedure.fields.iter().filter(|field| !field.group.is_empty());
        Self::paged(
            procedure,
            inputs.map(|field| input(field, &needed)).collect(),
            Vec::new(),
        )
    }

    /// The form for an act.
    pub(crate) fn acting(procedure: &Procedure, act: &Act, case: &Case, lane: Option<&str>) -> Self {
        let mut needed = needed(&act.guards);
        // What the case has already need not be given again.
        needed.retain(|id| case.fields.get(id).is_none_or(Value::is_empty));
        // What the platform counts by itself is not asked.
        let fields = act.records.iter().filter_map(|id| procedure.field(id));
        let fields = fields.filter(|field| field.measured.is_none());
        let inputs = fields.map(|field| input(field, &needed)).collect();
        Self::paged(procedure, inputs, about_the_act(act, case, lane))
    }

    fn paged(procedure: &Procedure, fields: Vec<Input>, about: Vec<Input>) -> Self {
        let all = fields.len() + about.len();
        if all == 0 {
            return Self::default();
        }
        if all <= SINGLE_PAGE {
            let inputs = about.into_iter().chain(fields).collect();
            let only = GroupPlan {
                id: "form".to_owned(),
                title: String::new(),
                title_en: String::new(),
                inputs,
            };
            return Self { groups: vec![only] };
        }
        let mut groups: Vec<GroupPlan> = Vec::new();
        if !about.is_empty() {
            groups.push(GroupPlan {
                id: "form".to_owned(),
                title: String::new(),
                title_en: String::new(),
                inputs: about,
            });
        }
        for group in &procedure.groups {
            let inputs: Vec<Input> = fields
                .iter()
                .filter(|input| input.field().is_some_and(|field| field.group == group.id))
                .cloned()
                .collect();
            if !inputs.is_empty() {
                let (title, title_en) = (group.title.clone(), group.title_en.clone());
                groups.push(GroupPlan {
                    id: group.id.clone(),
                    title,
                    title_en,
                    inputs,
                });
            }
        }
        let known: BTreeSet<&str> = procedure.groups.iter().map(|group| group.id.as_str()).collect();
        let rest = fields
            .into_iter()
            .filter(|input| input.field().is_some_and(|f| !known.contains(f.group.as_str())));
        let rest: Vec<Input> = rest.collect();
        match groups.first_mut().filter(|first| first.id == "form") {
            Some(first) => first.inputs.extend(rest),
            None if rest.is_empty() => {}
            None => groups.insert(
                0,
                GroupPlan {
                    id: "form".to_owned(),
                    title: String::new(),
                    title_en: String::new(),
                    inputs: rest,
                },
            ),
        }
        Self { groups }
    }
}

/// A stand-in for the paper of an act, so that its uploads are offered.
pub(crate) fn paper_field() -> Field {
    Field {
        id: PAPER.to_owned(),
        title: String::new(),
        title_en: String::new(),
        help: String::new(),
        help_en: String::new(),
        ty: FieldType::File,
        group: String::new(),
        item: None,
        choices: Vec::new(),
        procedure: None,
        party: None,
        personal: false,
        is_title: false,
        means: None,
        basis: Basis::Cite(Vec::new()),
        measured: None,
        at: Place::whole(""),
    }
}

fn input(field: &Field, needed: &BTreeSet<String>) -> Input {
    Input::Field {
        field: Box::new(field.clone()),
        required: needed.contains(&field.id),
    }
}

/// Fields some unconditional rule asks for.
pub(crate) fn needed(guards: &[Guard]) -> BTreeSet<String> {
    let mut needed = BTreeSet::new();
    for guard in guards
        .iter()
        .filter(|guard| guard.when.is_empty() && guard.exception.is_none())
    {
        match &guard.rule {
            Rule::Complete { fields } => needed.extend(fields.iter().cloned()),
            Rule::OneOf { fields, .. } | Rule::Zero { fields } => needed.extend(fields.iter().cloned()),
            Rule::ColumnsJustified { field } => {
                needed.insert(field.clone());
            }
            Rule::InOrder { low, high, .. } => needed.extend([low, high].into_iter().filter_map(own_field)),
            Rule::TermAtMost { from, to, .. } => needed.extend([from.clone(), to.clone()]),
            Rule::Linked { link, .. } | Rule::LinkedField { link, .. } => {
                needed.insert(link.clone());
            }
            Rule::AtMostField { field, ceiling } => needed.extend([field.clone(), ceiling.clone()]),
            Rule::Balanced { left, right } => needed.extend([left.clone(), right.clone()]),
            Rule::WholeDays { .. }
            | Rule::BeforeDue { .. }
            | Rule::NoOpenObjection
            | Rule::ObjectionsMended
            | Rule::NotSamePerson { .. }
            | Rule::NotSameBody { .. }
            | Rule::Done { .. }
            | Rule::LanesApproved
            | Rule::Unaffiliated { .. }
            | Rule::SameAsLinked { .. }
            | Rule::Within { .. }
            | Rule::SomeCase(_)
            | Rule::NoCase(_)
            | Rule::Retained { .. } => {}
        }
    }
    needed
}

/// The field of the case itself that an operand reads or starts from.
fn own_field(operand: &Operand) -> Option<String> {
    match operand {
        Operand::Field { via, field } => Some(via.first().unwrap_or(field).clone()),
        Operand::Today => None,
    }
}

fn about_the_act(act: &Act, case: &Case, lane: Option<&str>) -> Vec<Input> {
    let mut inputs = Vec::new();
    let on_behalf = act.manners.contains(&Manner::OnBehalf);
    let always = on_behalf && !act.manners.contains(&Manner::InPerson);
    if on_behalf {
        if !always {
            inputs.push(Input::Manner);
        }
        inputs.push(Input::HappenedOn { required: always });
        inputs.push(Input::Paper { required: always });
    }
    if act.in_lane && act.kind == ActKind::Approve {
        let columns = strikable(case, lane);
        if !columns.is_empty() {
            inputs.push(Input::Strike { columns });
        }
    }
    inputs
}

/// Columns applied for that nobody has struck yet.
fn strikable(case: &Case, lane: Option<&str>) -> Vec<String> {
    let struck: BTreeSet<&String> = case
        .lanes
        .iter()
        .filter(|(key, _)| Some(key.as_str()) != lane)
        .flat_map(|(_, lane)| &lane.struck)
        .collect();
    case.fields
        .values()
        .filter_map(|value| match value {
            Value::Columns(tables) => Some(tables),
            _ => None,
        })
        .flatten()
        .flat_map(|table| {
            table
                .columns
                .keys()
                .map(|column| format!("{}.{column}", table.table))
        })
        .filter(|column| !struck.contains(column))
        .collect()
}
