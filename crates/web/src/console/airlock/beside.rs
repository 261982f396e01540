//! A file with what lies beside it: its content, the evidence, the votes.

use shuyu_app::airlock::{Evidence, FileView, ROWS_SHOWN, VoteView};
use shuyu_domain::event::OutputKind;
use shuyu_kernel::AirlockId;
use shuyu_profile::Profile;

use crate::page::{
    Frame, RefusalCard,
    parts::{Labelled, size},
};

/// A file with what lies beside it.
pub(crate) struct FileBox {
    pub name: String,
    pub kind: String,
    pub version: String,
    pub note: String,
    pub href: String,
    pub plot_href: String,
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
    pub more: String,
    pub text: String,
    pub facts: Vec<Labelled>,
    pub finds: Vec<String>,
    pub columns: Vec<Vec<String>>,
    pub risk: Vec<(String, String)>,
    pub high: bool,
    /// Of a log: what its run refused.
    pub refused: Vec<RefusalCard>,
    pub votes: Vec<String>,
}

pub(super) fn file_box(frame: &Frame, profile: &Profile, id: AirlockId, file: &FileView) -> FileBox {
    let vote = |vote: &VoteView| {
        let who = frame.t(if vote.own { "vote-own" } else { "vote-other" });
        let word = frame.t(if vote.approve {
            "vote-approve"
        } else {
            "vote-change"
        });
        format!("{who}{word} {}", vote.note)
    };
    let mut made = FileBox {
        name: file.name.clone(),
        kind: frame.t(&format!("output-{}", file.kind.name())),
        version: frame.tr("table-version", &[("version", file.version)]),
        note: file.note.clone(),
        href: String::new(),
        plot_href: String::new(),
        header: Vec::new(),
        rows: Vec::new(),
        more: String::new(),
        text: String::new(),
        facts: Vec::new(),
        finds: Vec::new(),
        columns: Vec::new(),
        risk: Vec::new(),
        high: false,
        refused: Vec::new(),
        votes: file.votes.iter().map(vote).collect(),
    };
    if let Some(evidence) = &file.evidence {
        made.href = format!("/airlock/{id}/files/{}", file.name);
        if file.kind == OutputKind::Plot {
            made.plot_href = format!("/airlock/{id}/plots/{}", file.name);
        }
        lay_beside(frame, &mut made, file, evidence);
        let card = |refusal| RefusalCard::of(frame, profile, refusal);
        made.refused = evidence.refused.iter().map(card).collect();
    }
    made
}

/// Rules of a risk report in the order people read them.
const RISKS: [&str; 5] = [
    "membership_inference",
    "memorised_rows",
    "unique_leaves",
    "degrees_of_freedom",
    "parameter_share",
];

/// The report in words; what is not known here is shown as it stands.
fn risk(frame: &Frame, report: &[(String, String)]) -> Vec<(String, String)> {
    let of = |name: &str| {
        let found = report.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    };
    let mut rows = Vec::new();
    if let (Some(members), Some(held_out)) = (of("members"), of("held_out")) {
        let rows_of = [("members", members), ("held_out", held_out)];
        rows.push((frame.t("risk-rows"), frame.tr("risk-rows-text", &rows_of)));
    }
    for rule in RISKS {
        let Some(holds) = of(&format!("{rule}_holds")) else {
            continue;
        };
        let none = frame.t("risk-none");
        let limit = of(&format!("{rule}_limit"));
        // A verdict rests on the upper bound where there is one: the figure alone could be within the limit.
        let figure = match (of(rule), of(&format!("{rule}_high"))) {
            (Some(figure), Some(upper)) => frame.tr("risk-upper", &[("figure", figure), ("upper", upper)]),
            (Some(figure), None) => figure.to_owned(),
            (None, _) => none.clone(),
        };
        let told = [("figure", figure.as_str()), ("limit", limit.unwrap_or(&none))];
        let words = match (of(rule), holds) {
            (None, "true") => none.clone(),
            (_, "true") => frame.tr("risk-holds", &told),
            _ => frame.tr("risk-above", &told),
        };
        rows.push((frame.t(&format!("risk-{}", rule.replace('_', "-"))), words));
    }
    if rows.is_empty() {
        return report.to_vec();
    }
    rows
}

fn lay_beside(frame: &Frame, made: &mut FileBox, file: &FileView, evidence: &Evidence) {
    let fact = |key: &str, text: String| Labelled {
        label: frame.t(key),
        text,
        ..Labelled::default()
    };
    made.facts
        .push(fact("evidence-size", size(frame, evidence.size_bytes)));
    let gated = match (file.gated, file.exact) {
        (true, _) => "evidence-gated-yes",
        (false, true) => "evidence-gated-exact",
        (false, false) => "evidence-gated-no",
    };
    made.facts.push(fact("evidence-gated", frame.t(gated)));
    if let Some(table) = &evidence.table {
        made.facts.push(fact("head-rows", evidence.rows.to_string()));
        made.header.clone_from(&table.columns);
        made.rows.clone_from(&table.rows);
        if evidence.rows > ROWS_SHOWN {
            made.more = frame.tr("evidence-more", &[("shown", ROWS_SHOWN), ("rows", evidence.rows)]);
        }
    }
    made.text.clone_from(&evidence.text);
    if let Some(before) = evidence.outside_ledger {
        let text = frame.tr("evidence-outside-text", &[("n", before)]);
        made.facts.push(fact("evidence-outside", text));
    }
    made.risk = risk(frame, &evidence.risk);
    made.high = evidence.high_risk;
    made.finds = evidence
        .finds
        .iter()
        .map(|(kind, lines)| {
            let lines: Vec<String> = lines.iter().map(u64::to_string).collect();
            let word = frame.t(&format!("identifier-{}", kind.name().replace('_', "-")));
            frame.tr(
                "evidence-find",
                &[("identifier", word), ("lines", lines.join(", "))],
            )
        })
        .collect();
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "\u{2014}".to_owned());
    made.columns = evidence
        .summary
        .iter()
        .map(|column| {
            vec![
                column.name.clone(),
                frame.t(&format!("column-{}", column.kind)),
                column.nulls.to_string(),
                column.distinct.to_string(),
                or_dash(&column.min_nonzero),
                or_dash(&column.max),
                or_dash(&column.sum),
                column.small_counts.to_string(),
                column.below_k.to_string(),
                or_dash(&column.divisible_by.map(|step| step.to_string())),
            ]
        })
        .collect();
}
