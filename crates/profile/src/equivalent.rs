//! Changes of the rules that nobody could notice, each with its argument: `equivalents.toml` of a profile.
//!
//! `shuyu law mutate` changes every rule in turn. A change that no run can ever show is named here with the reason;
//! one that a scenario does notice may not stand here.

use serde::{Deserialize, Serialize};

use crate::{ProfileError, ProfileSource, load::line_of};

/// Path inside the profile folder.
const PATH: &str = "equivalents.toml";

/// One change that makes no difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Equivalent {
    /// Procedure.
    pub procedure: String,
    /// The act or clock that is changed; `open` for opening.
    pub of: String,
    /// What is changed, in the words of `shuyu law mutate`, for example `drop guard plan_incomplete`.
    pub change: String,
    /// Why nobody can see a difference.
    pub because: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, rename = "equivalent")]
    equivalents: Vec<Equivalent>,
}

/// The argued equivalents of a profile folder, in the order of the file; none without the file.
///
/// # Errors
/// The file does not parse, or an argument is empty.
pub fn equivalents(source: &ProfileSource) -> Result<Vec<Equivalent>, Vec<ProfileError>> {
    let Some(text) = source.file(PATH) else {
        return Ok(Vec::new());
    };
    let error = |line, message: String| {
        vec![ProfileError {
            file: format!("{}/{PATH}", source.name),
            line,
            message,
        }]
    };
    let file: File = toml::from_str(text).map_err(|found| {
        let line = found.span().map_or(0, |span| line_of(text, span.start));
        error(line, found.message().to_owned())
    })?;
    match file.equivalents.iter().find(|one| one.because.trim().is_empty()) {
        Some(one) => Err(error(
            0,
            format!("{} {}: `because` is empty", one.procedure, one.of),
        )),
        None => Ok(file.equivalents),
    }
}
