//! The story as data: dated steps in `worlds/<name>/story/*.toml`, each expected to succeed or to be refused.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use shuyu_kernel::CivilDate;

use crate::embedded;

/// A story.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Story {
    /// Last day that a world is walked before it is served, so that something is left to do; one file may name it.
    pub until: Option<CivilDate>,
    /// Steps in order of date.
    pub step: Vec<Step>,
}

impl Story {
    /// The story of a world: its files in order of name, the steps in order of date.
    pub fn of(world: &str) -> anyhow::Result<Self> {
        let mut story = Self::default();
        for name in embedded::world_files(world, "story/") {
            let part: Self =
                toml::from_str(&embedded::world_file(world, &name)?).with_context(|| name.clone())?;
            story.until = story.until.or(part.until);
            story.step.extend(part.step);
        }
        ensure!(!story.step.is_empty(), "the world {world} has no story");
        story.in_order()?;
        Ok(story)
    }

    /// No step stands after one of a later day: the clock of the platform only goes forward.
    fn in_order(&self) -> anyhow::Result<()> {
        for pair in self.step.windows(2) {
            if let [before, after] = pair {
                ensure!(
                    before.on <= after.on,
                    "the step of {} ({}) stands after that of {} ({})",
                    after.on,
                    after.note,
                    before.on,
                    before.note
                );
            }
        }
        Ok(())
    }
}

/// One step: exactly one of the actions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Starts a phase whose seconds are reported.
    pub phase: Option<String>,
    /// Day of registration; the training clock is wound to it.
    pub on: CivilDate,
    /// Sign-in name; a delegation paper after a slash.
    #[serde(rename = "as")]
    pub login: String,
    /// What happens, for people.
    #[serde(default)]
    pub note: String,

    /// Opens a case of this procedure.
    pub open: Option<String>,
    /// Takes this act.
    pub act: Option<String>,
    /// Takes the next step of the waiting act.
    #[serde(default)]
    pub advance: bool,
    /// Uploads and ingests.
    pub ingest: Option<Ingest>,
    /// Makes a de-identified version.
    pub derive: Option<Derive>,
    /// Asks under the permit of `case`; `{nearest}` is the form that the refusal before named.
    pub query: Option<String>,
    /// Makes a key for delivery number n of the product `case` and remembers it under this name.
    pub key: Option<String>,
    /// Calls a product.
    pub call: Option<Call>,
    /// Enters a delegation.
    pub delegate: Option<BTreeMap<String, String>>,
    /// Fills the figures of a disclosure from the record and takes the act.
    #[serde(default)]
    pub figures: bool,

    /// Name of the case in this story.
    #[serde(default)]
    pub case: String,
    /// Lane: `rule:body`.
    pub lane: Option<String>,
    /// Field → text; `{case:X}`, `{file:X}`, `{body:X}`, `{person:X}`, `{release:X}`, `{dataset:X}` are replaced.
    #[serde(default)]
    pub set: BTreeMap<String, String>,
    /// Fill every other field the act records from `answers.toml`.
    #[serde(default)]
    pub fill: bool,
    /// Fields left out of the filling.
    #[serde(default)]
    pub without: Vec<String>,
    /// Columns struck.
    #[serde(default)]
    pub strike: Vec<String>,
    /// Entered on behalf from a paper of this name; happened on that day.
    pub paper: Option<String>,
    /// 发生日 of an act entered on behalf; expected of the record, whoever takes the last step.
    pub happened_on: Option<CivilDate>,
    /// Clauses behind a step that is no act of a procedure; none = 平台补全.
    #[serde(default)]
    pub basis: Vec<String>,
    /// Sign-in names that take the remaining steps the same day.
    #[serde(default)]
    pub then: Vec<String>,
    /// Remember the answer of a query under this name.
    pub release: Option<String>,
    /// Least number of rows expected of a query.
    pub rows: Option<usize>,
    /// Greatest number of rows expected of a query: cells of too few subjects are gone.
    pub most_rows: Option<usize>,
    /// Every value of the answer is withheld.
    #[serde(default)]
    pub suppressed: bool,
    /// Expected refusal.
    pub refused: Option<Refused>,
    /// Expected due date of a clock: clock or `clock@lane` → date.
    #[serde(default)]
    pub due: BTreeMap<String, CivilDate>,
    /// Clocks that this act stopped, in time.
    #[serde(default)]
    pub in_time: Vec<String>,
    /// Clocks that this act stopped, late.
    #[serde(default)]
    pub late: Vec<String>,
    /// Expected stage afterwards.
    pub stage: Option<String>,
}

/// A refusal expected.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// Stable code.
    pub code: String,
    /// Clause, where a regulation speaks.
    pub clause: Option<String>,
    /// Facts the refusal must give: name → value.
    #[serde(default)]
    pub facts: BTreeMap<String, String>,
}

/// Files to ingest.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ingest {
    /// File below the input folder; `*` in the name takes all that match, or `bad:<kind>` makes a broken one.
    pub file: String,
    /// Table name; `#` is replaced by the number of the file in order of name, two digits.
    pub table: String,
    /// Columns that name the subject.
    #[serde(default)]
    pub unit_columns: Vec<String>,
    /// Identifier domain.
    pub domain: Option<String>,
    /// Expected rows of all files together, with the published input.
    pub rows: Option<u64>,
}

/// A de-identified version to make.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Derive {
    /// Table it is made from.
    pub from: String,
    /// Table made.
    pub table: String,
    /// Columns left out.
    #[serde(default)]
    pub drop: Vec<String>,
    /// Column → borders of its bands, growing.
    #[serde(default)]
    pub bands: BTreeMap<String, Vec<String>>,
    /// Expected rows, with the published input.
    pub rows: Option<u64>,
}

/// Calls of a product.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Name of the key.
    pub key: String,
    /// Column → value.
    #[serde(default)]
    pub filters: BTreeMap<String, String>,
    /// How often; every call but the last must succeed.
    #[serde(default = "once")]
    pub times: u64,
    /// Forge the signature.
    #[serde(default)]
    pub forged: bool,
}

fn once() -> u64 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_of_an_earlier_day_is_noticed() {
        let of = |first: &str, second: &str| -> Story {
            let step = |on: &str| format!("[[step]]\non = \"{on}\"\nas = \"a\"\nadvance = true\n");
            toml::from_str(&format!("{}{}", step(first), step(second))).unwrap()
        };
        assert!(of("2025-12-05", "2025-12-22").in_order().is_ok());
        assert!(of("2025-12-22", "2025-12-22").in_order().is_ok());
        let said = of("2025-12-22", "2025-12-05").in_order().unwrap_err().to_string();
        assert!(
            said.contains("2025-12-05") && said.contains("2025-12-22"),
            "{said}"
        );
    }

    #[test]
    fn every_world_has_a_story_in_order_of_date() {
        for world in embedded::profile_names() {
            let story = Story::of(&world).unwrap();
            let last = story.step.last().unwrap();
            assert!(story.until.is_none_or(|until| until < last.on), "{world}");
        }
    }

    #[test]
    fn the_story_of_the_world_is_read_in_order() {
        let story = Story::of("yunnan").unwrap();
        assert!(story.step.len() > 200);
        assert_eq!(
            story.step.first().map(|step| step.on),
            CivilDate::new(2025, 10, 13)
        );
        assert_eq!(story.step.last().map(|step| step.on), CivilDate::new(2026, 6, 15));
    }
}
