//! Which rules a law command looks at.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use clap::Args;
use shuyu_profile::{
    Profile, ProfileSource,
    equivalent::{self, Equivalent},
    scenario::{self, Scenario},
};

use crate::embedded;

/// Which rules: one built-in profile, a folder, or all that are built in.
#[derive(Args)]
pub struct Which {
    /// Name of a built-in profile; without it and without a folder all of them.
    #[arg(long, value_parser = profile_name)]
    profile: Option<String>,
    /// A profile folder on disk instead; the base is `cn-base` beside it, else the built-in one.
    #[arg(long, value_parser = profile_folder)]
    folder: Option<PathBuf>,
}

/// A profile with its scenarios.
pub struct Rules {
    /// The rules.
    pub profile: Profile,
    /// Their scenarios.
    pub scenarios: BTreeMap<String, Scenario>,
    /// Changes of the rules that are argued to make no difference.
    pub equivalents: Vec<Equivalent>,
}

impl Which {
    /// Reads them, in order of name.
    pub fn load(&self) -> anyhow::Result<Vec<Rules>> {
        if let Some(folder) = &self.folder {
            return Ok(vec![of_folder(folder)?]);
        }
        let names = match &self.profile {
            Some(name) => vec![name.clone()],
            None => embedded::profile_names(),
        };
        names.iter().map(|name| built_in(name)).collect()
    }
}

/// A built-in profile that can be served. Templates alone, as in `cn-base`, are rules of nobody.
fn profile_name(text: &str) -> Result<String, String> {
    let names = embedded::profile_names();
    if names.iter().any(|name| name == text) {
        return Ok(text.to_owned());
    }
    Err(format!("built in are {}", names.join(", ")))
}

/// A folder with a profile in it, for the same reason.
fn profile_folder(text: &str) -> Result<PathBuf, String> {
    let folder = PathBuf::from(text);
    if folder.join("profile.toml").is_file() {
        return Ok(folder);
    }
    Err("it holds no profile.toml; templates are looked at with a profile that extends them".to_owned())
}

/// A built-in profile by name, or a folder.
pub fn named(text: &str) -> anyhow::Result<Rules> {
    if embedded::profile_names().iter().any(|name| name == text) {
        built_in(text)
    } else {
        of_folder(Path::new(text))
    }
}

fn built_in(name: &str) -> anyhow::Result<Rules> {
    rules(
        &embedded::profile_source("cn-base")?,
        &embedded::profile_source(name)?,
    )
}

fn of_folder(folder: &Path) -> anyhow::Result<Rules> {
    let (base, own) = embedded::folder_and_base(folder)?;
    rules(&base, &own)
}

fn rules(base: &ProfileSource, own: &ProfileSource) -> anyhow::Result<Rules> {
    Ok(Rules {
        profile: Profile::load(base, own).map_err(|errors| embedded::listed(&errors))?,
        scenarios: scenario::scenarios(own).map_err(|errors| embedded::listed(&errors))?,
        equivalents: equivalent::equivalents(own).map_err(|errors| embedded::listed(&errors))?,
    })
}
