//! One procedure: its stages, acts, clocks, lanes and fields, all cited.

use serde::{Deserialize, Serialize};
use shuyu_kernel::{
    Basis, CivilDate, Manner,
    calendar::{Bound, Limit},
};

use crate::{
    condition::{CaseQuery, When},
    field::{Field, Group},
    guard::{Guard, Rule},
    place::Place,
    settings::Dated,
};

/// The closed vocabulary of acts. A new kind is code with an ADR.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActKind {
    /// 提交
    Submit,
    /// 受理
    Accept,
    /// 通知补正
    AskCorrection,
    /// 补正、重报
    Correct,
    /// 退回
    Return,
    /// 征求意见
    Consult,
    /// 集体决策（三重一大）
    DecideCollectively,
    /// 政府审议
    Deliberate,
    /// 公示
    Publicise,
    /// 提出异议
    Object,
    /// 异议答复
    AnswerObjection,
    /// 评估、评审
    Evaluate,
    /// 同意、批准、审定
    Approve,
    /// 不同意
    Refuse,
    /// 签订
    Sign,
    /// 启用
    Activate,
    /// 备案、报送
    File,
    /// 告知、公告
    Notify,
    /// 发布
    Publish,
    /// 登记、录入
    Record,
    /// 定价
    Price,
    /// 交付
    Deliver,
    /// 延长
    Extend,
    /// 暂停
    Suspend,
    /// 恢复
    Resume,
    /// 撤销
    Revoke,
    /// 终止、解除
    Terminate,
    /// 归集、移交
    HandOver,
    /// 删除并留证
    DeleteWithProof,
    /// 归档
    Archive,
}

/// What an act does besides moving the case; the closed list of effects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Opens the lanes of the procedure, each with its own clock.
    OpenLanes,
    /// Compiles the permit from the case once every lane has approved.
    IssuePermit,
    /// Ends the permit of the case.
    EndPermit,
    /// Hands the product to the customer named in the act.
    DeliverProduct,
    /// Closes the access that rested on this case at once (YN-OP-110 and its like).
    CloseAccess,
}

/// A procedure: one life cycle of the regulations as data.
#[derive(Debug, Clone, PartialEq)]
pub struct Procedure {
    /// Stable id, snake_case.
    pub id: String,
    /// Chinese title.
    pub title: String,
    /// English title.
    pub title_en: String,
    /// Rail section of the console it stands under, for example `authorisation`.
    pub section: String,
    /// Prefix of the case number (案号).
    pub number_prefix: String,
    /// Roles that are parties by office: the one body that holds the role joins at opening.
    pub parties: Vec<String>,
    /// Who may open a case, and what must hold then.
    pub open: OpenRule,
    /// Stages in order of the text; the first is where a case begins.
    pub stages: Vec<Stage>,
    /// Acts in order of the text.
    pub acts: Vec<Act>,
    /// Clocks.
    pub clocks: Vec<ClockRule>,
    /// Lanes of a parallel review.
    pub lanes: Vec<Lane>,
    /// Question groups of the form.
    pub groups: Vec<Group>,
    /// Fields.
    pub fields: Vec<Field>,
    /// What the procedure rests on.
    pub basis: Basis,
    /// Where it is written.
    pub at: Place,
}

/// Opening a case is an act too.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenRule {
    /// Role ids that may open.
    pub by: Vec<String>,
    /// Guards at opening.
    pub guards: Vec<Guard>,
    /// Clocks started by opening.
    pub starts: Vec<String>,
    /// Whether cases may be opened in batches, a row of a workbook each.
    pub batch: Option<BatchRule>,
}

/// Cases of a procedure may be opened in batches.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchRule {
    /// Act that may be taken in each case at once after its opening, if whoever opens them wants it.
    pub then: Option<String>,
    /// Basis.
    pub basis: Basis,
    /// Where it is written.
    pub at: Place,
}

/// A stage of a procedure.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// Stable id.
    pub id: String,
    /// Chinese name, plain words.
    pub title: String,
    /// English name.
    pub title_en: String,
    /// Role whose turn it is; `None` in final stages and where a clock alone decides.
    pub holder: Option<String>,
    /// No way out is needed.
    pub is_final: bool,
    /// Nobody's turn, although acts are possible: in force, published, cleared.
    pub rests: bool,
    /// Basis.
    pub basis: Basis,
    /// Where it is written.
    pub at: Place,
}

/// An act that may be taken in a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Act {
    /// Stable id, unique in the procedure.
    pub id: String,
    /// Word of the closed vocabulary.
    pub kind: ActKind,
    /// Chinese title, a verb of the law.
    pub title: String,
    /// English title.
    pub title_en: String,
    /// Roles that may take it.
    pub by: Vec<String>,
    /// Stages in which it may be taken.
    pub from: Vec<String>,
    /// Stage it leads to; `None` leaves the stage.
    pub to: Option<String>,
    /// Manners allowed.
    pub manners: Vec<Manner>,
    /// Role of the body that decided when the act is entered from its paper (it never logs in).
    pub decided_by: Option<String>,
    /// Steps inside the acting body; empty = one person is enough.
    pub route: Vec<RouteStep>,
    /// Taken in a lane, not in the case as a whole.
    pub in_lane: bool,
    /// Fields that may be set together with the act.
    pub records: Vec<String>,
    /// What must hold.
    pub guards: Vec<Guard>,
    /// Clocks started, from the day the act happened.
    pub starts: Vec<String>,
    /// Clocks stopped.
    pub stops: Vec<String>,
    /// Clocks given another limit in all, counted from their old start.
    pub extends: Vec<Extension>,
    /// Clocks that stand still from this act on.
    pub pauses: Vec<String>,
    /// Clocks that go on with what was left.
    pub resumes: Vec<String>,
    /// Further effects.
    pub effects: Vec<Effect>,
    /// Basis.
    pub basis: Basis,
    /// Where it is written.
    pub at: Place,
}

/// A longer limit for a running clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// Clock id.
    pub clock: String,
    /// The limit in all, from the old start.
    pub limit: Limit,
}

/// One step of internal routing (拟办 → 复核 → 签发).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteStep {
    /// Post that takes the step; `checker` means: any other person of the body.
    pub post: String,
    /// Chinese name of the step.
    pub title: String,
}

/// What happens when a clock runs out. Nothing here decides in the holder's place: there is no word for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consequence {
    /// Shown as overdue to the holder and to supervision; left so for long, it goes to the superior body.
    Flag,
    /// The holder is told; nobody else, unless an overseer decides so.
    Remind,
    /// Goes to the superior body at once.
    Escalate,
    /// Only opens the way (an at-least clock): nothing is late.
    Opens,
}

/// A limit of time.
#[derive(Debug, Clone, PartialEq)]
pub struct ClockRule {
    /// Stable id.
    pub id: String,
    /// Chinese title.
    pub title: String,
    /// English title.
    pub title_en: String,
    /// The limit in the text, or `None` if it is set case by case in `limit_field` (in working days).
    pub limit: Option<Limit>,
    /// Field that holds the number of working days.
    pub limit_field: Option<String>,
    /// Field that holds the last day itself, set case by case.
    pub due_field: Option<String>,
    /// Field with the day to count from, where it is not the day of the act.
    pub start_field: Option<String>,
    /// Other limits for cases bound by the rules of a later day, in order of day.
    pub later: Vec<LaterLimit>,
    /// Other cases about the same matter: where one of them binds the same role to an earlier day, that day binds.
    pub no_later_than: Option<CaseQuery>,
    /// Runs only if all of these hold when it would start.
    pub when: Vec<When>,
    /// Days on which the rule is in force.
    pub dated: Dated,
    /// At most or at least.
    pub bound: Bound,
    /// Role that has to act.
    pub holder: String,
    /// What happens at the end.
    pub on_miss: Consequence,
    /// Working days before the last day on which the holder is reminded; `None` = as everywhere ([`WatchTerms`]).
    ///
    /// [`WatchTerms`]: crate::WatchTerms
    pub remind: Option<Vec<u32>>,
    /// Basis.
    pub basis: Basis,
    /// Where it is written.
    pub at: Place,
}

/// Another limit of a clock from a day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaterLimit {
    /// First day.
    pub from: CivilDate,
    /// The limit from then on.
    pub limit: Limit,
}

impl ClockRule {
    /// The limit for cases bound by the rules of that day; `None` where it is set case by case.
    pub fn limit_on(&self, day: CivilDate) -> Option<Limit> {
        let later = self.later.iter().rev().find(|later| later.from <= day);
        later.map(|later| later.limit).or(self.limit)
    }
}

/// Which bodies get a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LaneBody {
    /// The party with this role.
    Role(String),
    /// One lane for each body that provides a resource named in this columns field.
    ProvidersOf(String),
}

/// A lane of a parallel review.
#[derive(Debug, Clone, PartialEq)]
pub struct Lane {
    /// Stable id.
    pub id: String,
    /// Chinese title.
    pub title: String,
    /// English title.
    pub title_en: String,
    /// Role that acts in it.
    pub role: String,
    /// Bodies.
    pub body: LaneBody,
    /// Opens only if all of these hold.
    pub when: Vec<When>,
    /// Clock that runs in each lane.
    pub clock: String,
    /// Basis.
    pub basis: Basis,
    /// Where it is written.
    pub at: Place,
}

impl Procedure {
    /// The stage with this id.
    pub fn stage(&self, id: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.id == id)
    }
    /// The act with this id.
    pub fn act(&self, id: &str) -> Option<&Act> {
        self.acts.iter().find(|act| act.id == id)
    }
    /// The clock with this id.
    pub fn clock(&self, id: &str) -> Option<&ClockRule> {
        self.clocks.iter().find(|clock| clock.id == id)
    }
    /// The field with this id.
    pub fn field(&self, id: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.id == id)
    }
    /// The lane with this id.
    pub fn lane(&self, id: &str) -> Option<&Lane> {
        self.lanes.iter().find(|lane| lane.id == id)
    }
    /// Every search for cases that some rule of the procedure makes: what has to be loaded besides linked cases.
    pub fn queries(&self) -> Vec<CaseQuery> {
        let acting = self.acts.iter().flat_map(|act| &act.guards);
        let guards: Vec<&Guard> = self.open.guards.iter().chain(acting).collect();
        let rules = guards.iter().filter_map(|guard| match &guard.rule {
            Rule::SomeCase(query) | Rule::NoCase(query) => Some(query),
            Rule::Unaffiliated { cases, .. } => cases.as_ref(),
            _ => None,
        });
        let whens = guards.iter().flat_map(|guard| &guard.when);
        let clocks = self.clocks.iter().flat_map(|clock| &clock.when);
        let lanes = self.lanes.iter().flat_map(|lane| &lane.when);
        let conditions = whens
            .chain(clocks)
            .chain(lanes)
            .filter_map(|when| when.some_case.as_ref());
        let bounds = self
            .clocks
            .iter()
            .filter_map(|clock| clock.no_later_than.as_ref());
        rules.chain(conditions).chain(bounds).cloned().collect()
    }

    /// Fields of a group, in order.
    pub fn group_fields<'a>(&'a self, group: &'a str) -> impl Iterator<Item = &'a Field> {
        self.fields.iter().filter(move |field| field.group == group)
    }
}
