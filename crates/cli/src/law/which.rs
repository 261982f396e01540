//! Which rules a law command looks at.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use clap::Args;
use shuyu_profile::{
    Profile, ProfileSource,
    scenario::{self, Scenario},
};

use crate::embedded;

/// Which rules: one built-in profile, a folder, or all that are built in.
#[derive(Args)]
pub struct Which {
    /// Name of a built-in profile; without it and without a folder all of them.
    #[arg(long)]
    profile: Option<String>,
    /// A profile folder on disk instead; the base is `cn-base` beside it, else the built-in one.
    #[arg(long)]
    folder: Option<PathBuf>,
}

/// A profile with its scenarios.
pub struct Rules {
    /// The rules.
    pub profile: Profile,
    /// Their scenarios.
    pub scenarios: BTreeMap<String, Scenario>,
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
    let beside = folder
        .parent()
        .map(|parent| parent.join("cn-base"))
        .filter(|base| base.is_dir());
    let base = match beside {
        Some(base) => embedded::profile_folder(&base)?,
        None => embedded::profile_source("cn-base")?,
    };
    rules(&base, &embedded::profile_folder(folder)?)
}

fn rules(base: &ProfileSource, own: &ProfileSource) -> anyhow::Result<Rules> {
    Ok(Rules {
        profile: Profile::load(base, own).map_err(|errors| embedded::listed(&errors))?,
        scenarios: scenario::scenarios(own).map_err(|errors| embedded::listed(&errors))?,
    })
}
