//! `shuyu law coverage`: the measure of the mission.

use std::{fmt::Write as _, path::PathBuf};

use clap::Args;
use shuyu_domain::coverage::{ClauseCoverage, Count, Coverage, Summary};

use super::{
    real::{Against, LastCases},
    say, screen,
    which::{Rules, Which},
};

/// What to print.
#[derive(Args)]
pub struct CoverageArguments {
    /// Which rules.
    #[command(flatten)]
    which: Which,
    /// As JSON.
    #[arg(long)]
    json: bool,
    /// As one HTML page, written to this file.
    #[arg(long)]
    html: Option<PathBuf>,
    /// Where the page looks for the last real case of each clause.
    #[command(flatten)]
    against: Against,
}

/// Runs all scenarios and prints what they prove.
pub async fn run(arguments: &CoverageArguments) -> anyhow::Result<()> {
    let rules = arguments.which.load()?;
    let each = rules
        .iter()
        .map(|rules| shuyu_domain::coverage::coverage(&rules.profile, &rules.scenarios));
    let coverage = Coverage::over(each.collect());
    if let Some(file) = &arguments.html {
        let last = arguments.against.last_cases().await?;
        std::fs::write(file, page(&coverage, &rules, &last))?;
    }
    if arguments.json {
        say(&serde_json::to_string_pretty(&coverage)?)
    } else {
        say(&table(&coverage))
    }
}

fn counts(summary: &Summary) -> [(&'static str, Count); 4] {
    [
        ("enforce", summary.enforce),
        ("track", summary.track),
        ("support", summary.support),
        ("none", summary.none),
    ]
}

/// Counts per document and over all, then every clause that still lacks something.
fn table(coverage: &Coverage) -> String {
    let mut out = String::new();
    let all = ("all".to_owned(), coverage.summary);
    for (document, summary) in coverage.documents.iter().chain([(&all.0, &all.1)]) {
        for (word, count) in counts(summary) {
            let _ = writeln!(
                out,
                "{document:<6} {word:<8} {:>4} rows {:>4} cited {:>4} evidenced",
                count.rows, count.cited, count.evidenced
            );
        }
    }
    for clause in coverage
        .clauses
        .iter()
        .filter(|clause| !clause.missing.is_empty())
    {
        let _ = writeln!(out, "- {} {:?}: {}", clause.id, clause.platform, clause.missing);
    }
    out
}

/// Each requirement beside rule and scenario; uncovered ones in red.
fn page(coverage: &Coverage, rules: &[Rules], last: &LastCases) -> String {
    let mut out = String::from(
        "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><title>law coverage</title><style>\
         body{font:15px/1.7 sans-serif;margin:24px;color:#1c2430}table{border-collapse:collapse;width:100%}\
         td,th{border:1px solid #dfe3e8;padding:4px 8px;vertical-align:top;text-align:left}\
         tr.open td{background:#fdecec;color:#8f1a20}code{font-size:13px}</style><h1>law coverage</h1><table>",
    );
    let all = ("all".to_owned(), coverage.summary);
    for (document, summary) in coverage.documents.iter().chain([(&all.0, &all.1)]) {
        for (word, count) in counts(summary) {
            let _ = write!(
                out,
                "<tr><td>{document}<td>{word}<td>{} / {}",
                count.evidenced, count.rows
            );
        }
    }
    out.push_str("</table><table><tr><th>clause<th>requirement<th>platform<th>rules<th>screen<th>evidence<th>last real case");
    for row in &coverage.clauses {
        let text = rules
            .iter()
            .find_map(|rules| rules.profile.clauses.get(&row.id))
            .map(|clause| clause.text_zh.as_str())
            .unwrap_or_default();
        let open = if row.missing.is_empty() || row.missing == "nothing for software" {
            ""
        } else {
            " class=open"
        };
        let _ = write!(
            out,
            "<tr{open}><td><code>{}</code><td>{}<td>{}<td>{}<td>{}<td>{}<td>{}",
            row.id,
            escaped(text),
            format!("{:?}", row.platform).to_lowercase(),
            rules_of(row),
            screen::of(row, rules).join("<br>"),
            evidence_of(row),
            last_of(row, last)
        );
    }
    out.push_str("</table></html>\n");
    out
}

fn rules_of(row: &ClauseCoverage) -> String {
    let rules: Vec<String> = row
        .rules
        .iter()
        .map(|rule| {
            format!(
                "{} <code>{}</code> {}:{}",
                rule.what,
                escaped(&rule.id),
                rule.file,
                rule.line
            )
        })
        .collect();
    rules.join("<br>")
}

fn evidence_of(row: &ClauseCoverage) -> String {
    if !row.missing.is_empty() {
        return row.missing.clone();
    }
    let pairs = row.pairs.iter().map(|pair| {
        format!(
            "{}: step {} refused with <code>{}</code>, step {} passes ({})",
            pair.scenario,
            pair.refused,
            pair.code,
            pair.passed,
            escaped(&pair.difference)
        )
    });
    let fired = row
        .fired
        .iter()
        .map(|place| format!("{}: step {}, clock {}", place.scenario, place.step, place.what));
    let used = row
        .exercised
        .iter()
        .map(|place| format!("{}: step {}, {}", place.scenario, place.step, place.what));
    pairs
        .chain(fired)
        .chain(used)
        .take(3)
        .collect::<Vec<_>>()
        .join("<br>")
}

fn last_of(row: &ClauseCoverage, last: &LastCases) -> String {
    last.get(&row.id).map_or_else(String::new, |case| {
        format!("{} {} ({})", escaped(&case.number), case.on, case.what)
    })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
