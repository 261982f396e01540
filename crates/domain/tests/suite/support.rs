//! The shipped profile and its scenarios.

use std::{collections::BTreeMap, fs, path::Path};

use shuyu_profile::{
    Profile, ProfileSource,
    scenario::{Scenario, scenarios},
};

/// The folder of a shipped profile as bytes.
pub fn folder(name: &str) -> ProfileSource {
    below("../../profiles", name)
}

/// The folder of a profile made up for tests.
pub fn fixture(name: &str) -> ProfileSource {
    below("tests/fixtures", name)
}

fn below(place: &str, name: &str) -> ProfileSource {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(place).join(name);
    let mut source = ProfileSource::new(name);
    read(&root, &root, &mut source);
    source
}

fn read(root: &Path, folder: &Path, source: &mut ProfileSource) {
    for entry in fs::read_dir(folder).expect("profile folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            read(root, &path, source);
        } else {
            let relative = path
                .strip_prefix(root)
                .expect("below root")
                .to_string_lossy()
                .replace('\\', "/");
            source
                .files
                .insert(relative, fs::read_to_string(&path).expect("UTF-8"));
        }
    }
}

/// A profile with its scenarios.
pub type Law = (Profile, BTreeMap<String, Scenario>);

/// The shipped profile with the training world, with its scenarios.
pub fn shipped() -> Law {
    named("yunnan")
}

/// A shipped profile with its scenarios.
pub fn named(name: &str) -> Law {
    loaded(&folder("cn-base"), &folder(name))
}

/// The made-up jurisdiction of the tests, over a base of its own.
pub fn fictional() -> Law {
    loaded(&fixture("fictional-base"), &fixture("fictional"))
}

/// A profile on its base, with its scenarios.
pub fn loaded(base: &ProfileSource, own: &ProfileSource) -> Law {
    let lines = |errors: Vec<shuyu_profile::ProfileError>| {
        errors
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    };
    let profile = Profile::load(base, own).map_err(lines).unwrap();
    let scenarios = scenarios(own).map_err(lines).unwrap();
    (profile, scenarios)
}
