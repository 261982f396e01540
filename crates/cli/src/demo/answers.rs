//! What people write into the fields of the story: `worlds/<name>/answers.toml`. Fictional, in our own words.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde::Deserialize;

use crate::embedded;

/// Name of the paper whose text stands for papers without one of their own.
const ANY_PAPER: &str = "*";

/// Answers by procedure and field, with other ones for single cases.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// Procedure → field → answer. An empty answer leaves the field out.
    #[serde(default)]
    procedure: BTreeMap<String, BTreeMap<String, String>>,
    /// Case of the story → field, or `field@lane` → answer; stands before the procedure's.
    #[serde(default)]
    case: BTreeMap<String, BTreeMap<String, String>>,
    /// Name of a paper → its text; `*` for all others, with `{paper}` and `{from}` for name and body.
    #[serde(default)]
    paper: BTreeMap<String, String>,
}

impl Answers {
    /// The answers of a world.
    pub fn of(world: &str) -> anyhow::Result<Self> {
        toml::from_str(&embedded::world_file(world, "answers.toml")?).context("answers.toml")
    }

    /// The answer to a field; `None` if nobody thought of one.
    pub fn to(&self, procedure: &str, case: &str, lane: Option<&str>, field: &str) -> Option<&str> {
        let of_case = self.case.get(case);
        let in_lane = lane.and_then(|lane| of_case?.get(&format!("{field}@{lane}")));
        in_lane
            .or_else(|| of_case?.get(field))
            .or_else(|| self.procedure.get(procedure)?.get(field))
            .map(String::as_str)
    }

    /// Fields of a procedure that have an answer, to be compared with those it knows.
    pub fn fields(&self, procedure: &str) -> impl Iterator<Item = &str> {
        self.procedure
            .get(procedure)
            .into_iter()
            .flat_map(BTreeMap::keys)
            .map(String::as_str)
    }

    /// Cases with answers of their own, to be compared with those of the story.
    pub fn cases(&self) -> impl Iterator<Item = &str> {
        self.case.keys().map(String::as_str)
    }

    /// The text of a paper, with `{paper}` and `{from}` still in it.
    pub fn paper(&self, name: &str) -> &str {
        self.paper
            .get(name)
            .or_else(|| self.paper.get(ANY_PAPER))
            .map_or("{paper}", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lane_before_case_before_procedure_and_nothing_is_made_up() {
        let answers: Answers = toml::from_str(
            r#"
            [procedure.p]
            a = "all"
            b = "all"
            c = "all"
            [case.X]
            b = "X"
            c = "X"
            "c@one" = "X in one"
            [paper]
            "*" = "any"
            "own.txt" = "own"
            "#,
        )
        .unwrap();
        let to = |case, lane, field| answers.to("p", case, lane, field);
        assert_eq!(to("X", Some("one"), "a"), Some("all"));
        assert_eq!(to("X", Some("one"), "b"), Some("X"));
        assert_eq!(to("X", Some("one"), "c"), Some("X in one"));
        assert_eq!(to("X", Some("two"), "c"), Some("X"));
        assert_eq!(to("Y", Some("one"), "c"), Some("all"));
        assert_eq!(to("Y", None, "d"), None);
        assert_eq!(
            (answers.paper("own.txt"), answers.paper("other.txt")),
            ("own", "any")
        );
    }

    #[test]
    fn the_answers_of_the_world_are_read() {
        let answers = Answers::of("yunnan").unwrap();
        assert!(answers.to("plan", "P", None, "p06_term_exit").is_some());
    }
}
