//! `shuyu law diff` and `explain`.

use std::fmt::Write as _;

use anyhow::Context as _;
use shuyu_domain::coverage;
use shuyu_kernel::ClauseId;
use shuyu_profile::rules;

use super::{
    say,
    which::{Which, named},
};

/// Prints in what two profiles differ.
pub fn diff(before: &str, after: &str) -> anyhow::Result<()> {
    let (before, after) = (named(before)?.profile, named(after)?.profile);
    let mut out = String::new();
    let mut last = String::new();
    for difference in rules::differences(&before, &after) {
        if difference.rule != last {
            let _ = writeln!(out, "{}", difference.rule);
            last.clone_from(&difference.rule);
        }
        let side = |text: Option<String>| text.unwrap_or_else(|| "(none)".to_owned());
        let (was, is) = (side(difference.before), side(difference.after));
        let _ = writeln!(out, "  {}: {was} -> {is}", difference.attribute);
    }
    say(out.trim_end())
}

/// Prints what is known about a clause.
pub fn explain(clause: &str, which: &Which) -> anyhow::Result<()> {
    let id: ClauseId = clause.parse()?;
    let all = which.load()?;
    let mut out = String::new();
    let known = all.iter().find_map(|rules| rules.profile.clauses.get(&id));
    let text = known.with_context(|| format!("no profile has a clause {id}"))?;
    let _ = writeln!(out, "{id}  {}\n{}\n{}", text.article, text.text_zh, text.text_en);
    if !text.detail.is_empty() {
        let _ = writeln!(out, "{}", text.detail);
    }
    for rules in all.iter().filter(|rules| rules.profile.clauses.contains_key(&id)) {
        let found = coverage::coverage(&rules.profile, &rules.scenarios);
        let Some(row) = found.clauses.into_iter().find(|row| row.id == id) else {
            continue;
        };
        let _ = writeln!(out, "\n{}: {:?}", rules.profile.id, row.platform);
        for rule in &row.rules {
            let _ = writeln!(out, "  {} {} ({}:{})", rule.what, rule.id, rule.file, rule.line);
        }
        for pair in &row.pairs {
            let _ = writeln!(
                out,
                "  {}: step {} refused with {}, step {} passes; {}",
                pair.scenario, pair.refused, pair.code, pair.passed, pair.difference
            );
        }
        for place in row.fired.iter().chain(&row.exercised) {
            let _ = writeln!(out, "  {}: step {} {}", place.scenario, place.step, place.what);
        }
        if !row.missing.is_empty() {
            let _ = writeln!(out, "  missing: {}", row.missing);
        }
    }
    say(out.trim_end())
}
