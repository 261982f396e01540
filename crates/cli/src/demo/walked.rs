//! Whether a story was walked in a folder: not at all, to its end, or only in part.

use std::path::Path;

use anyhow::{Context as _, bail};

/// Stands in the folder from the first step to the last.
const BEGUN: &str = "story-begun";
/// Stands in the folder after the last step.
const WALKED: &str = "walked";

/// How far a story was walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Walked {
    /// Not at all.
    Not,
    /// It began and was interrupted: the folder holds a part of it.
    Half,
    /// To the day that was asked for.
    Whole,
}

/// How far the story was walked in this folder.
///
/// # Errors
/// It was interrupted. A story cannot be taken up in the middle: names and keys of its steps lived in that run.
pub fn walked(data: &Path) -> anyhow::Result<Walked> {
    match state(data) {
        Walked::Half => bail!(
            "{} holds a story that was interrupted before its end. It cannot be taken up again: delete the folder \
             (rm -r {}) and start once more, or name a new folder with --data",
            data.display(),
            data.display()
        ),
        other => Ok(other),
    }
}

/// The demo walks in a new folder only.
///
/// # Errors
/// Something was done in this folder before.
pub fn must_be_new(data: &Path) -> anyhow::Result<()> {
    walked(data)?;
    if data.join("installation.toml").exists() {
        bail!(
            "{} is in use already. The demo needs a new folder: name another one with --data, or delete this one \
             (rm -r {})",
            data.display(),
            data.display()
        );
    }
    Ok(())
}

fn state(data: &Path) -> Walked {
    if data.join(WALKED).exists() {
        Walked::Whole
    } else if data.join(BEGUN).exists() {
        Walked::Half
    } else {
        Walked::Not
    }
}

/// The story begins.
pub(super) fn begin(data: &Path) -> anyhow::Result<()> {
    std::fs::write(data.join(BEGUN), "").with_context(|| format!("writing to {}", data.display()))
}

/// The story has ended.
pub(super) fn end(data: &Path) -> anyhow::Result<()> {
    std::fs::rename(data.join(BEGUN), data.join(WALKED))
        .with_context(|| format!("writing to {}", data.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_is_walked_only_after_its_last_step() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(walked(folder.path()).unwrap(), Walked::Not);
        begin(folder.path()).unwrap();
        let said = walked(folder.path()).unwrap_err().to_string();
        assert!(
            said.contains("interrupted") && said.contains("delete the folder"),
            "{said}"
        );
        end(folder.path()).unwrap();
        assert_eq!(walked(folder.path()).unwrap(), Walked::Whole);
    }

    #[test]
    fn the_demo_takes_no_used_folder() {
        let folder = tempfile::tempdir().unwrap();
        must_be_new(folder.path()).unwrap();
        std::fs::write(folder.path().join("installation.toml"), "").unwrap();
        assert!(must_be_new(folder.path()).is_err());
    }
}
