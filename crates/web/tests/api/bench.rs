//! A made-up sandbox that does as the text of the source says.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use serde_json::json;
use shuyu_app::port::{
    Cancel, DataError,
    jobs::{
        Declared, Isolation, JobBeat, JobInput, JobOrder, JobOutcome, JobOutput, JobRun, ModelRisk, OnBeat,
        OutputKind, RefusedFile, RunJobs,
    },
};
use shuyu_kernel::Refusal;
use tokio::sync::Notify;

/// A resident id made up for the tests; its check digit is right.
pub const RESIDENT_ID: &str = "11010519491231002X";

/// A sandbox that keeps what it was asked.
#[derive(Default)]
pub struct Bench {
    /// No isolation here.
    pub missing: AtomicBool,
    /// What was run.
    pub orders: Mutex<Vec<JobOrder>>,
    /// A run that waits has begun.
    pub started: Notify,
    /// Lets it go on.
    pub go: Notify,
    /// The switch of the run that began last.
    pub switch: Mutex<Option<Cancel>>,
}

#[async_trait]
impl RunJobs for Bench {
    async fn able(&self) -> Result<Isolation, Refusal> {
        if self.missing.load(Ordering::SeqCst) {
            return Err(Refusal::conflict("sandbox_missing").fact("missing", "bubblewrap"));
        }
        Ok(Isolation::default())
    }

    async fn run(&self, order: JobOrder, on_beat: OnBeat, cancel: Cancel) -> Result<JobRun, DataError> {
        let text = String::from_utf8(order.source.clone()).unwrap();
        on_beat(JobBeat::Running);
        *self.switch.lock().unwrap() = Some(cancel);
        let real = order
            .inputs
            .values()
            .any(|input| matches!(input, JobInput::Real(_)));
        if text.contains("wait") && real {
            self.started.notify_one();
            self.go.notified().await;
        }
        let fails = text.contains("raise") || (text.contains("unlucky") && real);
        let outputs = order
            .manifest
            .iter()
            .map(|declared| output(declared, &text))
            .collect();
        // A model that is declared as a text, as the sandbox refuses it.
        let as_text = text.contains("astext") && (real || !text.contains("later"));
        let as_text = order.manifest.iter().filter(|_| as_text);
        let refused: Vec<RefusedFile> = as_text
            .map(|declared| RefusedFile {
                name: Some(declared.name.clone()),
                code: "output_is_a_model".to_owned(),
            })
            .collect();
        self.orders.lock().unwrap().push(order);
        Ok(JobRun {
            outcome: if fails || !refused.is_empty() {
                JobOutcome::Failed
            } else {
                JobOutcome::Done
            },
            line: fails.then_some(3),
            outputs,
            refused,
            log: b"read 5 rows".to_vec(),
            held_by: BTreeMap::from([("memory".to_owned(), "cgroup2".to_owned())]),
        })
    }
}

fn output(declared: &Declared, text: &str) -> JobOutput {
    let mut risk = None;
    let bytes = match declared.kind {
        OutputKind::Table if text.contains("leak") => format!("who,n\n{RESIDENT_ID},12\n"),
        OutputKind::Table if text.contains("long") => format!("n\n{}", "12\n".repeat(5_001)),
        OutputKind::Table => "area,n,share\n530103,85,0.414631\n530102,120,0.585369\n".to_owned(),
        OutputKind::Plot => "\u{89}PNG".to_owned(),
        OutputKind::Text => "fine".to_owned(),
        OutputKind::Model => {
            if !text.contains("norisk") {
                let high = text.contains("overfits");
                let figure = if high { 0.97 } else { 0.51 };
                risk = Some(ModelRisk {
                    high,
                    report: json!({ "kind": "trees", "members": 800, "held_out": 200,
                        "membership_inference": figure, "membership_inference_limit": 0.6,
                        "membership_inference_high": figure + 0.02, "memorised_rows_holds": true,
                        "membership_inference_holds": !high, "verdict": if high { "high" } else { "within" } }),
                });
            }
            r#"{"slope":0.5}"#.to_owned()
        }
    };
    JobOutput {
        name: declared.name.clone(),
        bytes: bytes.into_bytes(),
        risk,
    }
}
