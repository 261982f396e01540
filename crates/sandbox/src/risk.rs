//! The risk check of a model, before anybody reviews it: what it tells of those it was fitted on.
//!
//! The figures are computed by `shuyu_job.risk` inside a sandbox, from the model as it would leave (JSON), the rows it was
//! fitted on and rows of the same population that were held out. The report is read here; a rule that is missing from it
//! has not passed.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shuyu_kernel::Refusal;

use crate::spec::{Content, Declared, Job, Kind, Limits};

/// The report among the outputs of the run.
pub const REPORT: &str = "risk.json";
/// The model among its inputs.
pub const MODEL_INPUT: &str = "model.json";

/// Rules a report must hold, in the order people read them.
const RULES: [&str; 5] = [
    "membership_inference",
    "memorised_rows",
    "unique_leaves",
    "degrees_of_freedom",
    "parameter_share",
];

/// One rule of a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RiskRule {
    /// Which.
    pub rule: String,
    /// What was measured; `None` where the rule has no meaning for this kind of model.
    pub figure: Option<f64>,
    /// What it is compared with.
    pub threshold: f64,
    /// Whether it holds.
    pub passes: bool,
    /// Further figures: bounds, counts.
    #[serde(default)]
    pub detail: BTreeMap<String, f64>,
}

/// The report that stands beside a model in its review.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RiskReport {
    /// Kind of the model.
    pub kind: String,
    /// Rows it was fitted on.
    pub members: u64,
    /// Rows held out: the shadow set.
    pub held_out: u64,
    /// One by one.
    pub rules: Vec<RiskRule>,
}

impl RiskReport {
    /// Whether every rule is there and holds.
    pub fn passes(&self) -> bool {
        let holds = |name: &&str| self.rules.iter().any(|rule| rule.rule == **name && rule.passes);
        RULES.iter().all(holds) && self.rules.iter().all(|rule| rule.passes)
    }
}

impl RiskReport {
    /// The report as a flat object for people who review: `verdict` (`high` or `within`), and of each rule its figure,
    /// its limit (`…_limit`), whether it holds (`…_holds`) and further figures (`…_low` …). A rule that is missing is
    /// named with `…_holds` false.
    pub fn flat(&self) -> serde_json::Map<String, Value> {
        let mut flat = serde_json::Map::new();
        let verdict = if self.passes() { "within" } else { "high" };
        flat.insert("verdict".to_owned(), verdict.into());
        flat.insert("kind".to_owned(), self.kind.as_str().into());
        flat.insert("members".to_owned(), self.members.into());
        flat.insert("held_out".to_owned(), self.held_out.into());
        for name in RULES {
            flat.insert(format!("{name}_holds"), false.into());
        }
        for rule in &self.rules {
            let name = &rule.rule;
            if let Some(figure) = rule.figure {
                flat.insert(name.clone(), rounded(figure));
            }
            flat.insert(format!("{name}_limit"), rounded(rule.threshold));
            flat.insert(format!("{name}_holds"), rule.passes.into());
            for (further, figure) in &rule.detail {
                flat.insert(format!("{name}_{further}"), rounded(*figure));
            }
        }
        flat
    }
}

/// Four decimals: more of a figure tells people nothing. Counts are written as such.
fn rounded(figure: f64) -> Value {
    if figure.fract() == 0.0 && figure.abs() < 1e15 {
        return Value::from(figure as i64);
    }
    let figure = (figure * 10_000.0).round() / 10_000.0;
    serde_json::Number::from_f64(figure).map_or(Value::Null, Value::Number)
}

/// The run that checks a model: `model` in its declared structure, tables of members and of held-out rows as Parquet or
/// CSV by file ending, and the column the model answers (`None` for clusters).
pub fn risk_job(
    run: &str,
    model: Bytes,
    members: (&str, Content),
    held_out: (&str, Content),
    target: Option<&str>,
    limits: Limits,
) -> Job {
    let told = Bytes::from(json!({ "target": target }).to_string());
    let inputs = [
        (MODEL_INPUT.to_owned(), Content::Bytes(model)),
        ("check.json".to_owned(), Content::Bytes(told)),
        (format!("members.{}", members.0), members.1),
        (format!("held_out.{}", held_out.0), held_out.1),
    ];
    let report = Declared {
        kind: Kind::Text,
        labels: Vec::new(),
    };
    Job {
        run: run.to_owned(),
        source: b"from shuyu_job.risk import main\n\nmain()\n".to_vec(),
        inputs: inputs.into(),
        declared: [(REPORT.to_owned(), report)].into(),
        limits,
    }
}

/// Why the check makes no report: codes of `shuyu_job.forms.FeaturesRefused`.
const UNFIT: [&str; 2] = ["model_feature_repeated", "model_feature_of_few"];

/// Reads the report of such a run.
///
/// # Errors
/// `model_feature_repeated`, `model_feature_of_few`: no figure says anything of such features; `risk_report_broken`.
pub fn risk_report(bytes: &[u8]) -> Result<RiskReport, Refusal> {
    #[derive(Deserialize)]
    #[serde(untagged, deny_unknown_fields)]
    enum Said {
        Refused { refused: String },
        Report(RiskReport),
    }
    match serde_json::from_slice(bytes) {
        Ok(Said::Report(report)) => Ok(report),
        Ok(Said::Refused { refused }) => match UNFIT.iter().find(|code| **code == refused) {
            Some(code) => Err(Refusal::unmet(code)),
            None => Err(Refusal::unmet("risk_report_broken")),
        },
        Err(_) => Err(Refusal::unmet("risk_report_broken")),
    }
}
