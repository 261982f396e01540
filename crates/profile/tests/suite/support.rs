//! Reading the shipped profile and small made-up ones.

use std::{fs, path::Path};

use shuyu_profile::{Profile, ProfileError, ProfileSource};

/// The folder of a shipped profile as bytes.
pub fn folder(name: &str) -> ProfileSource {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../profiles")
        .join(name);
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

/// Base and own folder of the shipped profile.
pub fn shipped() -> (ProfileSource, ProfileSource) {
    (folder("cn-base"), folder("yunnan"))
}

/// Names of the shipped profiles that can be served, in order.
pub fn shipped_names() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles");
    let mut names: Vec<String> = fs::read_dir(&root)
        .expect("profiles")
        .map(|entry| entry.expect("entry").path())
        .filter(|path| path.join("profile.toml").is_file())
        .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    names
}

/// Every shipped profile that can be served, loaded.
pub fn every_shipped() -> Vec<Profile> {
    let base = folder("cn-base");
    shipped_names()
        .iter()
        .map(|name| load(&base, &folder(name)))
        .collect()
}

/// Loads, or panics with everything that is wrong.
pub fn load(base: &ProfileSource, own: &ProfileSource) -> Profile {
    Profile::load(base, own).unwrap_or_else(|errors| panic!("{}", lines(&errors)))
}

/// Errors one to a line.
pub fn lines(errors: &[ProfileError]) -> String {
    errors
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Asserts that this error is among those found.
pub fn found(errors: &[ProfileError], file: &str, line: usize, message: &str) {
    let hit = errors
        .iter()
        .any(|error| error.file == file && error.line == line && error.message.contains(message));
    assert!(
        hit,
        "expected {file}:{line}: …{message}…, got:\n{}",
        lines(errors)
    );
}

/// The line, from 1, on which a text stands; 0 for no text.
pub fn line_of(file: Option<&str>, anchor: &str) -> usize {
    if anchor.is_empty() {
        return 0;
    }
    let (before, _) = file
        .and_then(|text| text.split_once(anchor))
        .expect("the anchor stands in the file");
    before.matches('\n').count() + 1
}
