//! Third step: what a run wrote, checked against what it declared, and written anew.

use std::{collections::BTreeMap, fs};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use shuyu_kernel::{Digest, Fault};

use crate::{
    Sandbox,
    error::at,
    execute::ENDED,
    model::Model,
    outcome::{Outcome, RefusedOutput},
    prepare::{Prepared, drop_folder, read_json, write_json},
    spec::{Declared, Kind},
    written,
};

/// The folder of checked outputs. It appears whole or not at all.
const FINAL: &str = "final";

/// One output as it goes to the airlock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// What it is.
    pub kind: Kind,
    /// SM3 of the bytes.
    pub digest: Digest,
    /// Length in bytes.
    pub bytes: u64,
    /// Rows of a table; `None` for everything else.
    pub rows: Option<u64>,
}

/// What a run leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finalised {
    /// Outputs by declared name.
    pub outputs: BTreeMap<String, Output>,
    /// What is not among them, and why.
    pub refused: Vec<RefusedOutput>,
}

impl Sandbox {
    /// Checks and rewrites what a run left. Done again it reads what it wrote before.
    ///
    /// # Errors
    /// A fault of the disk, or if the run has not ended. A file that does not hold is in [`Finalised::refused`].
    pub fn finalise(&self, run: &Prepared) -> Result<Finalised, Fault> {
        let folder = run.folder.join(FINAL);
        if folder.join("outputs.json").is_file() {
            return read_json(&folder.join("outputs.json"));
        }
        let ended = run.folder.join(ENDED);
        let outcome: Outcome = read_json(&ended.join("outcome.json"))?;
        let part = run.folder.join("final.part");
        drop_folder(&part)?;
        fs::create_dir_all(part.join("files")).map_err(at("making", &part))?;
        let mut left = Finalised {
            outputs: BTreeMap::new(),
            refused: outcome.refused,
        };
        for name in outcome.files.keys() {
            let Some(declared) = run.spec.declared.get(name) else {
                continue;
            };
            let path = ended.join("raw").join(name);
            let raw = fs::read(&path).map_err(at("reading", &path))?;
            match rewritten(declared, &raw, run.spec.limits.output_rows) {
                Ok((bytes, rows)) => {
                    let path = part.join("files").join(name);
                    fs::write(&path, &bytes).map_err(at("writing", &path))?;
                    let output = Output {
                        kind: declared.kind,
                        digest: Digest::of(&bytes),
                        bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
                        rows,
                    };
                    left.outputs.insert(name.clone(), output);
                }
                Err(code) => left.refused.push(RefusedOutput {
                    name: Some(name.clone()),
                    code: code.to_owned(),
                }),
            }
        }
        left.refused.sort();
        write_json(&part.join("outputs.json"), &left)?;
        fs::rename(&part, &folder).map_err(at("naming", &folder))?;
        Ok(left)
    }

    /// The bytes of a finalised output.
    ///
    /// # Errors
    /// A fault of the disk, or if there is no such output.
    pub fn output(&self, run: &Prepared, name: &str) -> Result<Vec<u8>, Fault> {
        let known = run.spec.declared.keys().find(|known| *known == name);
        let path = run
            .folder
            .join(FINAL)
            .join("files")
            .join(known.map_or("", String::as_str));
        fs::read(&path).map_err(at("reading", &path))
    }
}

/// The file as it may leave, with its rows if it is a table; or the code of why not.
fn rewritten(declared: &Declared, raw: &[u8], rows: u64) -> Result<(Vec<u8>, Option<u64>), &'static str> {
    Ok(match declared.kind {
        Kind::Table => {
            let (bytes, rows) = written::table(raw, &declared.labels, rows)?;
            (bytes, Some(rows))
        }
        Kind::Picture => (written::picture(raw)?, None),
        Kind::Text => {
            let value = written::json(raw)?;
            if holds_model(&value) {
                return Err("output_is_a_model");
            }
            (value.to_string().into_bytes(), None)
        }
        Kind::Model => {
            let value = written::json(raw)?;
            Model::read(&value)?;
            (value.to_string().into_bytes(), None)
        }
    })
}

/// Whether a value is a model or has one in it: as a text it would leave without rows held out and without a report. One
/// that is too large for a model is one all the same. As deep as [`written::json`] lets it be.
fn holds_model(value: &Value) -> bool {
    let inside = match value {
        Value::Array(values) => values.iter().any(holds_model),
        Value::Object(fields) => fields.values().any(holds_model),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    };
    inside || (value.get("kind").is_some() && !matches!(Model::read(value), Err("output_model_broken")))
}
