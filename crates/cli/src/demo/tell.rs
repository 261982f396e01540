//! Printing what happened, from what the platform recorded.

use std::collections::BTreeMap;

use shuyu_domain::event::{ActMeta, CaseEvent, StepTaken};
use shuyu_kernel::{CivilDate, Manner};

use super::{client::Reply, story::Step, words::Words};

/// One thing that happened: a line, and what is to be known about it below.
pub struct Told {
    /// Day of registration.
    pub on: CivilDate,
    /// `+` happened, `x` refused.
    pub mark: char,
    /// Word of the manner.
    pub manner: String,
    /// Who: body, post, name.
    pub who: String,
    /// Case of the story and verb.
    pub what: String,
    /// Clauses, or 平台补全.
    pub basis: String,
    /// Further lines.
    pub below: Vec<String>,
}

impl Told {
    /// A step that is no act of a procedure: data, queries, keys, calls, delegations.
    pub fn plain(words: &Words, step: &Step, verb: &str, below: Vec<String>) -> Self {
        let basis = if step.basis.is_empty() {
            words.word("demo-no-clause")
        } else {
            step.basis.join(" ")
        };
        Self {
            on: step.on,
            mark: '+',
            manner: words.manner(manner_sent(step)),
            who: words.login(&step.login),
            what: place(&step.case, verb),
            basis,
            below,
        }
    }

    /// A refusal, with everything it says.
    pub fn refused(words: &Words, step: &Step, verb: &str, reply: &Reply) -> Self {
        let text = |name: &str| reply.text(name);
        let mut below = vec![text("detail")];
        if !text("way_out").is_empty() {
            below.push(words.words("demo-way-out", &[("text", &text("way_out"))]));
        }
        if let Some(nearest) = reply.fact("nearest")
            && reply.fact("nearest_kind") == Some("sql")
        {
            below.push(words.words("demo-nearest", &[("text", nearest)]));
        }
        Self {
            on: step.on,
            mark: 'x',
            manner: words.manner(manner_sent(step)),
            who: words.login(&step.login),
            what: place(&step.case, verb),
            basis: format!("{} {}", reply.code(), reply.clauses().join(" "))
                .trim_end()
                .to_owned(),
            below,
        }
    }

    /// What one recorded event says; `None` for those that only follow from another.
    pub fn event(words: &Words, told: &About<'_>, event: &CaseEvent) -> Option<Self> {
        let About { case, procedure, .. } = *told;
        let who = |step: &StepTaken| words.person(&step.person.to_string(), step.delegation.as_deref());
        Some(match event {
            CaseEvent::Opened { meta, number, .. } => {
                let title = words.procedure(procedure).map_or("", |rules| &rules.title);
                let mut line = Self::taken(
                    words,
                    told,
                    meta,
                    words.words("demo-open", &[("procedure", title)]),
                );
                line.below.push(number.clone());
                line
            }
            CaseEvent::Taken { meta, .. } => Self::taken(words, told, meta, words.act(procedure, &meta.act)),
            CaseEvent::Entered { pending, by } => Self {
                on: pending.steps.last().map_or(told.on, |step| step.on),
                mark: '+',
                manner: words.manner(match (pending.manner, &by.delegation) {
                    (Manner::InPerson, Some(_)) => Manner::Delegate,
                    (manner, _) => manner,
                }),
                who: words.person(&by.person.to_string(), by.delegation.as_deref()),
                what: place(
                    case,
                    &format!(
                        "{} {}",
                        words.step(procedure, &pending.act, 0),
                        words.words("demo-enter", &[("act", &words.act(procedure, &pending.act))])
                    ),
                ),
                basis: words.basis(procedure, &pending.act),
                below: Vec::new(),
            },
            CaseEvent::Advanced { step, .. } => Self {
                on: step.on,
                mark: '+',
                manner: words.manner(if step.delegation.is_some() {
                    Manner::Delegate
                } else {
                    Manner::InPerson
                }),
                who: who(step),
                what: place(
                    case,
                    &format!(
                        "{} {}",
                        words.step(procedure, told.act, 1),
                        words.act(procedure, told.act)
                    ),
                ),
                basis: words.basis(procedure, told.act),
                below: Vec::new(),
            },
            _ => return None,
        })
    }

    fn taken(words: &Words, told: &About<'_>, meta: &ActMeta, verb: String) -> Self {
        let clauses: Vec<&str> = meta.clauses.iter().map(|clause| clause.as_str()).collect();
        let basis = if clauses.is_empty() {
            words.basis(told.procedure, &meta.act)
        } else {
            clauses.join(" ")
        };
        let mut below = Vec::new();
        if meta.happened_on != meta.recorded_on {
            let (happened, recorded) = (meta.happened_on.to_string(), meta.recorded_on.to_string());
            below.push(words.words(
                "demo-happened-on",
                &[("date", &happened), ("recorded", &recorded)],
            ));
        }
        if !meta.steps.is_empty() {
            below.push(route(words, told, meta));
        }
        if let Some(role) = &meta.decided_by {
            below.push(words.words("demo-decided-by", &[("who", &words.role(role))]));
        }
        if let Some(paper) = &meta.paper {
            let digest = paper.digest.to_string();
            let name = told.papers.get(digest.as_str()).copied().unwrap_or(&paper.name);
            below.push(words.words("demo-paper", &[("name", name), ("digest", &digest)]));
        }
        Self {
            on: meta.recorded_on,
            mark: '+',
            manner: words.manner(meta.manner),
            who: words.person(&meta.actor.person.to_string(), meta.actor.delegation.as_deref()),
            what: place(told.case, &verb),
            basis,
            below,
        }
    }

    /// What follows from an act: clocks, lanes, permits, access.
    pub fn consequence(words: &Words, procedure: &str, event: &CaseEvent) -> Option<String> {
        Some(match event {
            CaseEvent::ClockStarted(run) => {
                let (from, due) = (run.started_on.to_string(), run.due.to_string());
                let clock = words.clock(procedure, &run.clock);
                words.words("demo-clock", &[("clock", &clock), ("from", &from), ("due", &due)])
            }
            CaseEvent::ClockStopped {
                clock, on, in_time, ..
            } => {
                let key = if *in_time {
                    "demo-clock-stopped"
                } else {
                    "demo-clock-stopped-late"
                };
                let (clock, date) = (words.clock(procedure, clock), on.to_string());
                words.words(key, &[("clock", &clock), ("date", &date)])
            }
            CaseEvent::LaneOpened { body, .. } => {
                words.words("demo-lane", &[("body", &words.body(&body.to_string()))])
            }
            CaseEvent::PermitIssued { expires_on, .. } => {
                words.words("demo-permit", &[("until", &expires_on.to_string())])
            }
            CaseEvent::LaneDecided { struck, .. } if !struck.is_empty() => {
                words.words("demo-struck", &[("columns", &struck.join(" "))])
            }
            CaseEvent::PermitEnded { .. } => words.word("demo-permit-ended"),
            CaseEvent::AccessClosed { .. } => words.word("demo-access-closed"),
            _ => return None,
        })
    }

    /// Prints the line and what stands below it.
    #[expect(clippy::print_stdout, reason = "the demo prints what happens")]
    pub fn print(&self, note: &str) {
        println!(
            "{} {} {} {}  {}  [{}]  {note}",
            self.on, self.mark, self.manner, self.who, self.what, self.basis
        );
        for line in self.below.iter().filter(|line| !line.is_empty()) {
            println!("               {line}");
        }
    }
}

/// Which act of which case is told.
#[derive(Clone, Copy)]
pub struct About<'a> {
    /// Name of the case in the story.
    pub case: &'a str,
    /// Its procedure.
    pub procedure: &'a str,
    /// Act of a waiting step.
    pub act: &'a str,
    /// Day of the story.
    pub on: CivilDate,
    /// Names of the papers that the story brought, by digest: the record keeps no file names.
    pub papers: &'a BTreeMap<&'a str, &'a str>,
}

/// Everybody of a route: the steps before, then whoever finished it.
fn route(words: &Words, told: &About<'_>, meta: &ActMeta) -> String {
    let last = StepTaken {
        post: String::new(),
        person: meta.actor.person,
        delegation: meta.actor.delegation.clone(),
        on: meta.recorded_on,
    };
    let line = |(number, step): (usize, &StepTaken)| {
        let title = words.step(told.procedure, &meta.act, number);
        let (name, on) = (words.name(&step.person.to_string()), step.on.to_string());
        let mut arguments = vec![
            ("title", title.as_str()),
            ("name", name.as_str()),
            ("on", on.as_str()),
        ];
        match &step.delegation {
            None => words.words("demo-step", &arguments),
            Some(paper) => {
                arguments.push(("paper", paper));
                words.words("demo-step-delegated", &arguments)
            }
        }
    };
    let steps = meta.steps.iter().chain(std::iter::once(&last));
    steps.enumerate().map(line).collect::<Vec<_>>().join(" → ")
}

/// The manner in which a step was sent; what is recorded of it stands in the events.
fn manner_sent(step: &Step) -> Manner {
    match (&step.paper, step.login.contains('/')) {
        (Some(_), _) => Manner::OnBehalf,
        (None, true) => Manner::Delegate,
        (None, false) => Manner::InPerson,
    }
}

fn place(case: &str, verb: &str) -> String {
    format!("{case} {verb}").trim_start().to_owned()
}
