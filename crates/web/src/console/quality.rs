//! Quality on the page of a dataset: the last checks with their scores, and the form of the next one.

use axum::{
    extract::{Path, Request},
    response::Redirect,
};
use shuyu_app::quality::{
    CheckLine, Checks, Dimension, Ended, MAX_RULES, NewCheck, Rule, RuleText, holds, most_rows, score,
};
use shuyu_domain::{
    event::{CheckFound, CheckTrack, Checked},
    port::DatasetRow,
};
use shuyu_kernel::{DatasetId, Refusal};

use super::posted::Posted;
use crate::page::{
    ConsoleError, Frame, Visit,
    parts::{Choice, instant},
};

/// Lines of the form that stand empty, for further rules.
const EMPTY_LINES: usize = 3;
/// Rows of the sample that the form proposes: none bad of so many leaves at most 1 % with a confidence of 95 %.
const PROPOSED_SAMPLE: u64 = 300;

/// The part of the page.
#[derive(Default)]
pub(crate) struct QualityPart {
    /// Whether there is anything to show or to order.
    pub shown: bool,
    /// Address the order goes under.
    pub href: String,
    /// Checks, newest first.
    pub checks: Vec<CheckRow>,
    /// The provider may order a self-check.
    pub may_self: bool,
    /// The session may order a spot check.
    pub may_spot: bool,
    /// Versions, the latest one first.
    pub versions: Vec<u64>,
    /// Rules of the form.
    pub rules: Vec<RuleLine>,
    /// Rows of the sample that is proposed.
    pub sample: u64,
}

/// A check.
pub(crate) struct CheckRow {
    pub version: u64,
    pub track: String,
    pub who: String,
    pub entry_href: String,
    pub rows: String,
    /// Bad rows with their share, and the bound of a sample; empty without a result.
    pub bad: Vec<String>,
    pub scores: Vec<ScoreCell>,
    /// The sample in words; empty for a self-check.
    pub sample: String,
    /// What each rule found.
    pub found: Vec<FoundRow>,
}

/// The score of a dimension, drawn as a bar.
pub(crate) struct ScoreCell {
    pub label: String,
    /// Hundredths of a percent; nothing without rules of this dimension.
    pub value: Option<u32>,
    pub text: String,
}

/// What a rule found.
pub(crate) struct FoundRow {
    pub column: String,
    pub rule: String,
    pub dimension: String,
    pub checked: u64,
    pub bad: u64,
    pub share: String,
    pub holds: String,
    /// The first bad rows, for the provider.
    pub first: String,
}

/// A line of the form.
pub(crate) struct RuleLine {
    pub number: usize,
    pub columns: Vec<Choice>,
    pub rules: Vec<Choice>,
    pub value: String,
    pub at_most: u32,
}

impl QualityPart {
    /// What stands on the page of a dataset with these versions.
    pub(crate) fn of(
        visit: &Visit,
        frame: &Frame,
        (row, versions): (&DatasetRow, Vec<u64>),
        found: Checks,
    ) -> Self {
        let may = |track: CheckTrack| found.tracks.contains(&track);
        let (may_self, may_spot) = (may(CheckTrack::SelfCheck), may(CheckTrack::SpotCheck));
        let empty = vec![RuleText::default(); EMPTY_LINES];
        let lines = found.rules.iter().chain(&empty).enumerate();
        let rules = lines.map(|(number, rule)| rule_line(frame, &row.columns, (number, rule)));
        Self {
            shown: may_self || may_spot || !found.lines.is_empty(),
            href: format!("/datasets/{}/checks", row.dataset),
            rules: rules.collect(),
            checks: found
                .lines
                .iter()
                .map(|line| check_row(visit, frame, line))
                .collect(),
            may_self,
            may_spot,
            versions,
            sample: most_rows(row).min(PROPOSED_SAMPLE),
        }
    }
}

fn rule_line(frame: &Frame, columns: &[String], (number, rule): (usize, &RuleText)) -> RuleLine {
    let choice = |value: &str, label: String, chosen: &str| Choice {
        value: value.to_owned(),
        label,
        selected: value == chosen,
    };
    let whole = choice("", frame.t("check-whole-version"), &rule.column);
    let named = columns
        .iter()
        .map(|name| choice(name, name.clone(), &rule.column));
    let none = choice("", frame.t("check-no-rule"), &rule.rule);
    let words = Rule::WORDS
        .iter()
        .map(|word| choice(word, rule_words(frame, word), &rule.rule));
    RuleLine {
        number: number + 1,
        columns: std::iter::once(whole).chain(named).collect(),
        rules: std::iter::once(none).chain(words).collect(),
        value: rule.value.clone(),
        at_most: rule.at_most,
    }
}

fn rule_words(frame: &Frame, word: &str) -> String {
    frame.t(&format!("check-rule-{}", word.replace('_', "-")))
}

fn check_row(visit: &Visit, frame: &Frame, line: &CheckLine) -> CheckRow {
    let ended = line.ended.as_ref();
    let at = instant(&visit.profile, line.at);
    let sample = line.sample.map(|sample| {
        let facts = [
            ("size", sample.size.to_string()),
            ("seed", sample.seed.to_string()),
        ];
        frame.tr("check-sample-drawn", &facts)
    });
    CheckRow {
        version: line.version,
        track: frame.t(&format!("check-track-{}", line.track.word().replace('_', "-"))),
        who: frame.tr("check-by", &[("body", line.by.clone()), ("at", at)]),
        entry_href: format!("/ledger/{}", ended.map_or(line.ordered, |ended| ended.entry)),
        rows: match ended {
            Some(ended) => frame.tr(
                "check-rows",
                &[("checked", ended.checked.rows), ("all", line.rows)],
            ),
            None => frame.t("check-open"),
        },
        bad: ended.map(|ended| bad(frame, &ended.checked)).unwrap_or_default(),
        scores: ended
            .map(|ended| scores(frame, &ended.checked))
            .unwrap_or_default(),
        sample: sample.unwrap_or_default(),
        found: ended.map(|ended| found_rows(frame, ended)).unwrap_or_default(),
    }
}

fn bad(frame: &Frame, checked: &Checked) -> Vec<String> {
    let share = score(checked.rows, checked.rows.saturating_sub(checked.bad_rows));
    let counted = [
        ("n", checked.bad_rows.to_string()),
        ("share", share.map(percent).unwrap_or_default()),
    ];
    let bound = checked.bad_at_most;
    let bound = bound.map(|bound| frame.tr("check-bound", &[("share", percent(bound))]));
    std::iter::once(frame.tr("check-bad-rows", &counted))
        .chain(bound)
        .collect()
}

fn scores(frame: &Frame, checked: &Checked) -> Vec<ScoreCell> {
    let cell = |dimension: Dimension| {
        let value = checked.scores.get(dimension.word()).copied();
        ScoreCell {
            label: frame.t(&format!("check-dimension-{}", dimension.word())),
            value,
            text: value.map_or_else(|| frame.t("check-no-score"), percent),
        }
    };
    Dimension::ALL.map(cell).into()
}

fn found_rows(frame: &Frame, ended: &Ended) -> Vec<FoundRow> {
    let row = |(index, own): (usize, &CheckFound)| {
        let first = ended.found.get(index).map(|found| found.first.as_slice());
        let first: Vec<String> = first.unwrap_or_default().iter().map(u64::to_string).collect();
        let holds = holds(own.checked, own.bad, own.at_most);
        FoundRow {
            column: match own.column.is_empty() {
                true => frame.t("check-whole-version"),
                false => own.column.clone(),
            },
            rule: rule_words(frame, &own.rule),
            dimension: frame.t(&format!("check-dimension-{}", own.dimension)),
            checked: own.checked,
            bad: own.bad,
            share: percent(own.at_most),
            holds: frame.t(if holds { "check-holds" } else { "check-broken" }),
            first: first.join(", "),
        }
    };
    ended.checked.found.iter().enumerate().map(row).collect()
}

/// Hundredths of a percent as a percentage.
fn percent(share: u32) -> String {
    format!("{}.{:02}%", share / 100, share % 100)
}

/// `POST /datasets/{id}/checks`: starts a job.
pub(crate) async fn check(
    visit: Visit,
    Path(id): Path<String>,
    request: Request,
) -> Result<Redirect, ConsoleError> {
    let posted = Posted::read(&visit, request).await?;
    let unknown =
        || Refusal::unknown("dataset_unknown").fact("dataset", id.chars().take(40).collect::<String>());
    let dataset: DatasetId = id.parse().map_err(|_| unknown())?;
    let number = visit
        .app()
        .start_check(&visit.session, dataset, ordered(&visit, &posted)?)
        .await?;
    Ok(Redirect::to(&format!("/jobs/{number}")))
}

/// What the form orders; lines without a rule are passed over.
fn ordered(visit: &Visit, posted: &Posted) -> Result<NewCheck, Refusal> {
    let wrong = |key: &str| Refusal::unmet("field_wrong_type").fact("field", visit.frame.t(key));
    let whole = |name: &str, key: &str| {
        let text = posted.filled(name);
        text.map(|text| text.parse::<u64>())
            .transpose()
            .map_err(|_| wrong(key))
    };
    let mut rules = Vec::new();
    for number in 1..=MAX_RULES {
        let Some(rule) = posted.filled(&format!("rule.{number}")) else {
            continue;
        };
        let at_most = whole(&format!("at_most.{number}"), "check-at-most")?;
        rules.push(RuleText {
            column: posted.one(&format!("column.{number}")).to_owned(),
            rule,
            value: posted.one(&format!("value.{number}")).trim().to_owned(),
            at_most: u32::try_from(at_most.unwrap_or(0)).map_err(|_| wrong("check-at-most"))?,
        });
    }
    let spot = posted.one("track") == CheckTrack::SpotCheck.word();
    let sample = whole("sample", "check-sample")?;
    Ok(NewCheck {
        version: whole("version", "head-version")?,
        rules,
        sample: spot.then(|| sample.unwrap_or(0)),
    })
}
