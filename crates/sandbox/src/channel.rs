//! What comes out of the sandbox: frames on a pipe. Nothing in them is believed; lengths and names are checked here.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead as _, BufReader, Read},
    sync::mpsc::Sender,
};

use serde::Deserialize;

use crate::{outcome::RefusedOutput, spec::Declared};

/// Longest header of a frame, in bytes.
const HEADER_AT_MOST: u64 = 4096;
/// Frames of one run: two for the source, one for each of 32 declared files, one for the others, the end.
const FRAMES_AT_MOST: usize = 64;

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Header {
    Running,
    Ended {
        status: i64,
        signal: Option<i64>,
        line: Option<u32>,
    },
    File {
        name: String,
        size: u64,
    },
    Refused {
        name: Option<String>,
        code: String,
    },
    End,
}

/// What the supervisor hears.
pub(crate) enum Heard {
    /// A tick of the clock.
    Tick,
    /// The source starts.
    Running,
    /// The source ended.
    Ended {
        /// Whether with status zero.
        well: bool,
        /// Whether by a signal.
        killed: bool,
        /// Where.
        line: Option<u32>,
    },
    /// A declared file.
    File(String, Vec<u8>),
    /// One that does not come.
    Refused(RefusedOutput),
    /// Everything was handed over.
    Whole,
    /// The pipe is closed; nothing more will come.
    Closed,
}

/// Reads frames until the end, or until one that is not as agreed on.
pub(crate) fn listen(
    pipe: impl Read,
    declared: &BTreeMap<String, Declared>,
    limit: u64,
    tell: &Sender<Heard>,
) {
    let mut pipe = BufReader::new(pipe);
    let mut seen = BTreeSet::new();
    for _ in 0..FRAMES_AT_MOST {
        let Some(heard) = next(&mut pipe, declared, limit) else {
            break;
        };
        // A file comes once: what waits to be heard is bounded by what was declared.
        if matches!(&heard, Heard::File(name, _) if !seen.insert(name.clone())) || tell.send(heard).is_err() {
            break;
        }
    }
    let _ = tell.send(Heard::Closed);
}

fn next(pipe: &mut BufReader<impl Read>, declared: &BTreeMap<String, Declared>, limit: u64) -> Option<Heard> {
    let mut line = Vec::new();
    pipe.by_ref()
        .take(HEADER_AT_MOST)
        .read_until(b'\n', &mut line)
        .ok()?;
    Some(match serde_json::from_slice(&line).ok()? {
        Header::Running => Heard::Running,
        Header::Ended { status, signal, line } => Heard::Ended {
            well: status == 0 && signal.is_none(),
            killed: signal.is_some(),
            line,
        },
        Header::File { name, size } => {
            if !declared.contains_key(&name) || size > limit {
                return None;
            }
            let mut bytes = Vec::new();
            pipe.by_ref().take(size).read_to_end(&mut bytes).ok()?;
            if u64::try_from(bytes.len()).ok()? != size {
                return None;
            }
            Heard::File(name, bytes)
        }
        Header::Refused { name, code } => Heard::Refused(refused(name, &code, declared)),
        Header::End => Heard::Whole,
    })
}

/// Only names that were declared and codes that exist get through: both would carry data otherwise.
fn refused(name: Option<String>, code: &str, declared: &BTreeMap<String, Declared>) -> RefusedOutput {
    let known = ["output_absent", "output_not_a_file", "output_too_large"];
    let name = name.filter(|name| declared.contains_key(name));
    let code = known
        .into_iter()
        .find(|known| *known == code && name.is_some())
        .unwrap_or("output_undeclared");
    RefusedOutput {
        name,
        code: code.to_owned(),
    }
}
