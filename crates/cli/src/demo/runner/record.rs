//! Reading back what an act left in the record: dates, manner, everybody of its route, clocks, stage.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use serde_json::Value as Json;
use shuyu_domain::{
    Event,
    event::{ActMeta, CaseEvent},
};
use shuyu_kernel::{CivilDate, Manner};

use super::Runner;
use crate::demo::{
    client::Reply,
    story::Step,
    tell::{About, Told},
};

impl Runner {
    /// Compares what was recorded with the step, and tells it.
    pub(super) async fn recorded(
        &mut self,
        step: &Step,
        login: &str,
        reply: &Reply,
        note: &str,
    ) -> anyhow::Result<()> {
        let (first, next) = (reply.number("first"), reply.number("next"));
        let (first, next) = first.zip(next).context("indexes of what was written")?;
        let timeline = self.timeline(login, &step.case).await?;
        let written = || timeline.iter().filter(|(index, _)| (first..next).contains(index));
        ensure!(
            written().count() as u64 == next - first,
            "the case does not show what was written to {first}..{next}"
        );
        for (_, event) in written() {
            dates(step, event)?;
        }
        self.report.acts += 1;
        let procedure = self.procedure_of(&step.case);
        let waiting = waiting_acts(&timeline);
        let papers: BTreeMap<&str, &str> = self
            .uploads
            .iter()
            .filter_map(|(place, digest)| Some((digest.as_str(), place.split_once(' ')?.1)))
            .collect();
        let mut line: Option<Told> = None;
        let mut below = Vec::new();
        for (_, event) in written() {
            let act = match event {
                CaseEvent::Advanced { number, .. } => waiting.get(number).copied().unwrap_or_default(),
                _ => "",
            };
            let about = About {
                case: &step.case,
                procedure: &procedure,
                act,
                on: step.on,
                papers: &papers,
            };
            if line.is_none() {
                line = Told::event(&self.words, &about, event);
            }
            below.extend(Told::consequence(&self.words, &procedure, event));
        }
        let mut line = line.context("an act that left no act in the record")?;
        line.below.extend(below);
        self.tell(&line, note);
        Ok(())
    }

    async fn timeline(&mut self, login: &str, case: &str) -> anyhow::Result<Vec<(u64, CaseEvent)>> {
        let id = self.case_id(case)?;
        let path = format!("/api/v1/cases/{id}/timeline");
        let reply = self.client.get(login, &path).await?;
        let items = reply
            .body
            .as_array()
            .with_context(|| format!("timeline of {case}: {}", reply.body))?;
        items
            .iter()
            .map(|item| {
                let index = item.get("index").and_then(Json::as_u64).context("index")?;
                let event = item.get("event").cloned().unwrap_or_default();
                match serde_json::from_value(event).context("an event of the timeline")? {
                    Event::Case(event) => Ok((index, event)),
                    other => anyhow::bail!("{} in the timeline of a case", other.kind()),
                }
            })
            .collect()
    }

    /// Stage and clocks are as the step says.
    pub(super) async fn expectations(&mut self, step: &Step) -> anyhow::Result<()> {
        let id = self.case_id(&step.case)?;
        let path = format!("/api/v1/cases/{id}");
        let case = self.client.get(&step.login, &path).await?;
        if let Some(stage) = &step.stage {
            let now = case.text("stage");
            ensure!(now == *stage, "stage is {now}, not {stage}");
        }
        for (clock, due) in &step.due {
            let run = self.run(&case, clock)?;
            let found = run.get("due").and_then(Json::as_str).unwrap_or_default();
            ensure!(
                found == due.to_string(),
                "clock {clock} is due {found}, not {due}"
            );
        }
        let happened = step.happened_on.unwrap_or(step.on).to_string();
        let in_time = step.in_time.iter().map(|clock| (clock, true));
        for (clock, in_time) in in_time.chain(step.late.iter().map(|clock| (clock, false))) {
            let run = self.run(&case, clock)?;
            let stopped = run.get("stopped_on").and_then(Json::as_str);
            ensure!(
                stopped == Some(&happened) && run.get("in_time") == Some(&in_time.into()),
                "clock {clock} was not stopped on {happened} (in time: {in_time}): {run}"
            );
        }
        Ok(())
    }

    /// The latest run of a clock, `name` or `name@rule:body`.
    fn run(&self, case: &Reply, clock: &str) -> anyhow::Result<Json> {
        let (name, lane) = match clock.split_once('@') {
            Some((name, lane)) => (name, Some(self.lane_key(lane)?)),
            None => (clock, None),
        };
        let clocks = case.body.get("clocks").and_then(Json::as_array);
        let text = |run: &Json, key: &str| run.get(key).and_then(Json::as_str).map(str::to_owned);
        clocks
            .into_iter()
            .flatten()
            .rev()
            .find(|run| text(run, "clock").as_deref() == Some(name) && text(run, "lane") == lane)
            .cloned()
            .with_context(|| format!("no clock {clock}"))
    }
}

/// Act of each waiting act, by its number.
fn waiting_acts(timeline: &[(u64, CaseEvent)]) -> BTreeMap<u32, &str> {
    let entered = timeline.iter().filter_map(|(_, event)| match event {
        CaseEvent::Entered { pending, .. } => Some((pending.number, pending.act.as_str())),
        _ => None,
    });
    entered.collect()
}

/// 登记日 is the day of the step; 发生日 is what the step says, else the same day.
fn dates(step: &Step, event: &CaseEvent) -> anyhow::Result<()> {
    let happened = step.happened_on.unwrap_or(step.on);
    let same = |what: &str, found: CivilDate, expected: CivilDate| {
        ensure!(found == expected, "{what} {found}, not {expected}");
        Ok(())
    };
    let of = |meta: &ActMeta| {
        same("recorded on", meta.recorded_on, step.on)?;
        same("happened on", meta.happened_on, happened)
    };
    match event {
        CaseEvent::Opened { meta, .. } | CaseEvent::Taken { meta, .. } => of(meta),
        CaseEvent::Entered { pending, .. } => {
            for taken in &pending.steps {
                same("entered on", taken.on, step.on)?;
            }
            match (pending.manner, pending.happened_on) {
                (Manner::OnBehalf, Some(day)) => same("happened on", day, happened),
                (Manner::OnBehalf, None) => anyhow::bail!("an act from a paper without a day"),
                _ => Ok(()),
            }
        }
        CaseEvent::Advanced { step: taken, .. } => same("advanced on", taken.on, step.on),
        CaseEvent::ClockStarted(run) => same("clock started on", run.started_on, happened),
        CaseEvent::ClockStopped { on, .. } => same("clock stopped on", *on, happened),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use shuyu_domain::event::StepTaken;
    use shuyu_kernel::{Actor, Id};

    use super::*;

    fn day(text: &str) -> CivilDate {
        text.parse().unwrap()
    }

    fn step(more: &str) -> Step {
        toml::from_str(&format!(
            "on = \"2025-11-18\"\nas = \"clerk\"\nact = \"a\"\n{more}"
        ))
        .unwrap()
    }

    fn taken(happened: &str, recorded: &str) -> CaseEvent {
        CaseEvent::Taken {
            meta: ActMeta {
                act: "a".to_owned(),
                actor: Actor {
                    person: Id::from_bits(1),
                    body: Id::from_bits(2),
                    role: String::new(),
                    post: String::new(),
                    delegation: None,
                },
                manner: Manner::OnBehalf,
                happened_on: day(happened),
                recorded_on: day(recorded),
                decided_by: None,
                paper: None,
                steps: Vec::new(),
                clauses: Vec::new(),
            },
            finishes: None,
            lane: None,
            set: BTreeMap::new(),
            parties: Vec::new(),
            to: None,
            holder: None,
            closed: false,
        }
    }

    #[test]
    fn an_act_recorded_on_another_day_than_the_storys_is_noticed() {
        let entered = step("happened_on = \"2025-11-14\"");
        assert!(dates(&entered, &taken("2025-11-14", "2025-11-18")).is_ok());
        assert!(dates(&entered, &taken("2025-11-18", "2025-11-18")).is_err());
        assert!(dates(&entered, &taken("2025-11-14", "2025-11-14")).is_err());
        assert!(dates(&step(""), &taken("2025-11-18", "2025-11-18")).is_ok());
        assert!(dates(&step(""), &taken("2025-11-14", "2025-11-18")).is_err());
    }

    #[test]
    fn a_step_of_a_route_on_another_day_is_noticed() {
        let advanced = |on: &str| CaseEvent::Advanced {
            number: 1,
            step: StepTaken {
                post: "chief".to_owned(),
                person: Id::from_bits(1),
                delegation: None,
                on: day(on),
            },
        };
        assert!(dates(&step(""), &advanced("2025-11-18")).is_ok());
        assert!(dates(&step(""), &advanced("2025-11-19")).is_err());
    }
}
