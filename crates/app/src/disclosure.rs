//! Figures of a disclosure, compiled from the record; each names the rows it was counted from.
//!
//! The profile says which cases a figure counts. For a period those count that stood in one of its stages on some day
//! of it, by the days on which acts happened: what happened later is not seen, whenever it was entered.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use shuyu_domain::{
    Case, Event, Registry, Value,
    event::CaseEvent,
    port::{CaseFilter, CaseRow, Loaded, Stream},
};
use shuyu_kernel::{CaseId, CivilDate, ClauseId, Refusal};
use shuyu_profile::FigureRule;

use crate::{App, Session, Stop, read::LogEntry};

/// Cases read at once. Platform choice.
const BATCH: u64 = 500;

/// First and last day of a disclosure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    from: CivilDate,
    to: CivilDate,
}

impl Period {
    /// A period from its first to its last day.
    ///
    /// # Errors
    /// `period_invalid` if it ends before it begins.
    pub fn new(from: CivilDate, to: CivilDate) -> Result<Self, Refusal> {
        if from > to {
            return Err(Refusal::unmet("period_invalid").fact("from", from).fact("to", to));
        }
        Ok(Self { from, to })
    }

    /// A calendar year; `None` outside the years that dates have.
    pub fn year(year: i16) -> Option<Self> {
        let from = CivilDate::new(year, 1, 1)?;
        let to = CivilDate::new(year, 12, 31)?;
        Some(Self { from, to })
    }
}

/// A case behind a figure, with what the profile shows of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// The case.
    pub case: CaseId,
    /// 案号
    pub number: String,
    /// Title.
    pub title: String,
    /// Field → text, in the order of the profile.
    pub values: Vec<(String, String)>,
}

/// A figure with the rows behind it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// Stable name; its words stand in `locales/` as `figure-<name>`.
    pub name: String,
    /// The number.
    pub value: i64,
    /// What it was counted from: numbers of cases, or days with their counts.
    pub rows: Vec<String>,
    /// The cases it was counted from.
    pub items: Vec<Item>,
    /// Clauses that ask for it.
    pub clauses: Vec<ClauseId>,
}

impl App {
    /// What the record says about the authorised operation within a period; without one, how it stands today
    /// with all calls there ever were.
    pub async fn disclosure_figures(
        &self,
        session: &Session,
        period: Option<Period>,
    ) -> Result<Vec<Figure>, Stop> {
        let result = self.disclosure_figures_inner(session, period).await;
        self.looked(session, "view", "figures", result).await
    }

    async fn disclosure_figures_inner(
        &self,
        session: &Session,
        period: Option<Period>,
    ) -> Result<Vec<Figure>, Stop> {
        self.require_signed_in(session)?;
        let mut figures = Vec::new();
        for rule in &self.profile().figures {
            let cases = match period {
                Some(period) => self.stood_within(rule, period).await?,
                None => self.standing_now(rule).await?,
            };
            figures.push(self.figure(rule, &cases).await?);
        }
        figures.push(self.calls(period).await?);
        Ok(figures)
    }

    /// The figures as the text a `Figures` field takes.
    pub fn figures_text(figures: &[Figure]) -> String {
        let lines: BTreeMap<&str, i64> = figures
            .iter()
            .map(|figure| (figure.name.as_str(), figure.value))
            .collect();
        lines
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join("\n")
    }

    async fn figure(&self, rule: &FigureRule, cases: &[Case]) -> Result<Figure, Stop> {
        let shown = |case: &Case| -> BTreeSet<CaseId> {
            let values = rule.show.iter().filter_map(|field| case.fields.get(field));
            values.flat_map(Value::cases).collect()
        };
        let loaded = self.record.load(&cases.iter().flat_map(shown).collect()).await?;
        let value = match &rule.sum {
            None => i64::try_from(cases.len()).unwrap_or(i64::MAX),
            Some(field) => cases
                .iter()
                .fold(0, |sum: i64, case| match case.fields.get(field) {
                    Some(Value::Integer(n)) => sum.saturating_add(*n),
                    _ => sum,
                }),
        };
        Ok(Figure {
            name: rule.name.clone(),
            value,
            rows: cases.iter().map(|case| case.number.clone()).collect(),
            items: cases.iter().map(|case| item(rule, case, &loaded)).collect(),
            clauses: rule.basis.clauses().to_vec(),
        })
    }

    /// Calls answered, by day: metered by the gateway together with each answer.
    async fn calls(&self, period: Option<Period>) -> Result<Figure, Stop> {
        const FAMILY: &str = "calls_on/";
        // The byte after the slash ends the family.
        let (from, before) = match period {
            Some(Period { from, to }) => (format!("{FAMILY}{from}"), format!("{FAMILY}{}", to.plus_days(1))),
            None => (FAMILY.to_owned(), "calls_on0".to_owned()),
        };
        let days = self.record.counters(&from, &before).await?;
        let rows = days
            .iter()
            .map(|(name, calls)| format!("{}={calls}", name.trim_start_matches(FAMILY)));
        Ok(Figure {
            name: "calls".to_owned(),
            value: days.iter().map(|(_, calls)| calls).sum(),
            rows: rows.collect(),
            items: Vec::new(),
            clauses: Vec::new(),
        })
    }

    async fn standing_now(&self, rule: &FigureRule) -> Result<Vec<Case>, Stop> {
        let mut found = Vec::new();
        for row in self.all_cases(rule, &rule.stages).await?.chunks(usize_of(BATCH)) {
            let loaded = self.record.load(&row.iter().map(|row| row.id).collect()).await?;
            found.extend(row.iter().filter_map(|row| loaded.linked.get(&row.id).cloned()));
        }
        Ok(found)
    }

    async fn stood_within(&self, rule: &FigureRule, period: Period) -> Result<Vec<Case>, Stop> {
        let mut found = Vec::new();
        for rows in self.all_cases(rule, &[]).await?.chunks(usize_of(BATCH)) {
            let loaded = self.record.load(&rows.iter().map(|row| row.id).collect()).await?;
            for case in rows.iter().filter_map(|row| loaded.linked.get(&row.id)) {
                if case.opened_on > period.to || !self.may_have_stood(rule, case)? {
                    continue;
                }
                let entries = self.record.stream(Stream::Case(case.id)).await?;
                let events = entries.iter().filter_map(LogEntry::read);
                let events = events.filter_map(|entry| match entry.event {
                    Some(Event::Case(event)) => Some(event),
                    _ => None,
                });
                found.extend(within(events, rule, period));
            }
        }
        Ok(found)
    }

    /// Spares the look into the ledger where no act can have led to the stages.
    fn may_have_stood(&self, rule: &FigureRule, case: &Case) -> Result<bool, Refusal> {
        let profile = self.profiles.get(case.profile)?;
        let Some(procedure) = profile.procedure(&case.procedure) else {
            return Ok(false);
        };
        let first = procedure.stages.first().map(|stage| &stage.id);
        let reached = case
            .acts
            .iter()
            .filter_map(|taken| procedure.act(&taken.act)?.to.as_ref());
        let mut stages = first.into_iter().chain(reached).chain([&case.stage]);
        Ok(stages.any(|stage| rule.stages.contains(stage)))
    }

    /// All cases of a figure's procedure, oldest first.
    async fn all_cases(&self, rule: &FigureRule, stages: &[String]) -> Result<Vec<CaseRow>, Stop> {
        let mut filter = CaseFilter {
            procedures: vec![rule.procedure.clone()],
            stages: stages.to_vec(),
            limit: BATCH,
            ..CaseFilter::default()
        };
        let mut all = Vec::new();
        loop {
            let (rows, _) = self.record.cases(&filter).await?;
            if rows.is_empty() {
                all.reverse();
                return Ok(all);
            }
            filter.offset += BATCH;
            all.extend(rows);
        }
    }
}

fn usize_of(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

/// The case as it stood at the end of the period, if it stood in one of the stages on some day of it.
fn within(events: impl Iterator<Item = CaseEvent>, rule: &FigureRule, period: Period) -> Option<Case> {
    let mut state: Option<Case> = None;
    let mut stood = false;
    let stands = |state: &Option<Case>| {
        let case = state.as_ref();
        case.is_some_and(|case| rule.stages.contains(&case.stage))
    };
    for event in events {
        let happened_on = match &event {
            CaseEvent::Opened { meta, .. } | CaseEvent::Taken { meta, .. } => Some(meta.happened_on),
            _ => None,
        };
        if happened_on.is_some_and(|on| on > period.to) {
            continue;
        }
        // It stood where it was until this act happened.
        stood |= stands(&state) && happened_on.is_some_and(|on| on > period.from);
        state = Case::evolve(state, &event);
        stood |= stands(&state) && happened_on.is_some_and(|on| on >= period.from);
    }
    stood |= stands(&state);
    state.filter(|_| stood)
}

fn item(rule: &FigureRule, case: &Case, loaded: &Loaded) -> Item {
    let values = rule.show.iter().filter_map(|field| {
        let value = case.fields.get(field)?;
        Some((field.clone(), shown(value, &loaded.registry, &loaded.linked)))
    });
    Item {
        case: case.id,
        number: case.number.clone(),
        title: case.title.clone(),
        values: values.collect(),
    }
}

/// A value with names in place of ids.
fn shown(value: &Value, registry: &Registry, linked: &BTreeMap<CaseId, Case>) -> String {
    match value {
        Value::Body(body) => registry.body_name(*body),
        Value::Case(_) | Value::Cases(_) => value
            .cases()
            .iter()
            .map(|id| {
                linked
                    .get(id)
                    .map_or_else(|| id.to_string(), |case| case.title.clone())
            })
            .collect::<Vec<_>>()
            .join("; "),
        other => other.text(),
    }
}
