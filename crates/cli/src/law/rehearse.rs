//! `shuyu law rehearse PROFILE --against DIR`: open cases replayed under changed rules.

use std::{fmt::Write as _, path::PathBuf};

use clap::Args;
use shuyu_app::versions::{RehearsedAll, rehearse_all};

use super::{say, which::named};
use crate::{serve, verify::existing};

/// What to rehearse on what.
#[derive(Args)]
pub struct RehearseArguments {
    /// The changed rules: a built-in profile or a folder.
    profile: String,
    /// Data folder with the open cases. No server may be using it; nothing in it is changed.
    #[arg(long)]
    against: PathBuf,
    /// Where the guard file is. Else where the folder says.
    #[arg(long)]
    guard: Option<PathBuf>,
    /// A production folder.
    #[arg(long)]
    production: bool,
    /// One JSON document.
    #[arg(long)]
    json: bool,
}

/// Lists every open case in which a date or an outcome would move.
pub async fn run(arguments: &RehearseArguments) -> anyhow::Result<()> {
    let changed = named(&arguments.profile)?.profile;
    let options = existing(
        &arguments.against,
        arguments.guard.as_deref(),
        arguments.production,
    )?;
    let opened = serve::open(&options).await?;
    let app = &opened.app;
    app.pin_kept_profiles().await?;
    let of = app.profile().id.clone();
    anyhow::ensure!(
        changed.id == of,
        "the rules are of {}; the cases of {} are of {of}",
        changed.id,
        arguments.against.display()
    );
    let all = rehearse_all(app.record(), app.profiles(), &changed, app.today()).await?;
    if arguments.json {
        say(&serde_json::to_string_pretty(&all)?)
    } else {
        say(text(&all).trim_end())
    }
}

fn text(all: &RehearsedAll) -> String {
    let mut out = String::new();
    for case in &all.moved {
        let _ = writeln!(out, "{} ({})", case.number, case.procedure);
        for rule in &case.unfit {
            let _ = writeln!(out, "  cannot be moved: the changed rules have no {rule}");
        }
        for date in &case.dates {
            let lane = date
                .lane
                .as_ref()
                .map_or_else(String::new, |lane| format!(" in {lane}"));
            let after = date
                .after
                .map_or_else(|| "no such clock".to_owned(), |day| day.to_string());
            let stopped = if date.running { "" } else { " (stopped)" };
            let clauses = listed(&date.clauses);
            let _ = writeln!(
                out,
                "  clock {}{lane}{stopped}: {} -> {after}{clauses}",
                date.clock, date.before
            );
        }
        for outcome in &case.outcomes {
            let on = outcome
                .on
                .map_or_else(|| "today".to_owned(), |day| day.to_string());
            let word = |side: &Option<String>| side.clone().unwrap_or_else(|| "passes".to_owned());
            let (before, after) = (word(&outcome.before), word(&outcome.after));
            let clauses = listed(&outcome.clauses);
            let _ = writeln!(out, "  {} on {on}: {before} -> {after}{clauses}", outcome.what);
        }
    }
    let _ = writeln!(out, "{} of {} open cases would move", all.moved.len(), all.open);
    out
}

fn listed(clauses: &[shuyu_kernel::ClauseId]) -> String {
    let ids: Vec<&str> = clauses.iter().map(shuyu_kernel::ClauseId::as_str).collect();
    if ids.is_empty() {
        String::new()
    } else {
        format!(" [{}]", ids.join(" "))
    }
}
