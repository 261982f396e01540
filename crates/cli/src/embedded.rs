//! Files built into the program: profiles and training worlds.

use anyhow::Context as _;
use rust_embed::RustEmbed;
use serde::Deserialize;
use shuyu_app::{Profiles, founding::World};
use shuyu_profile::{Profile, ProfileSource, scenario};

#[derive(RustEmbed)]
#[folder = "../../profiles"]
struct ProfileFiles;

#[derive(RustEmbed)]
#[folder = "../../worlds"]
struct WorldFiles;

/// Names of the built-in profiles that can be served: folders with a `profile.toml`, in order.
pub fn profile_names() -> Vec<String> {
    let mut names: Vec<String> = ProfileFiles::iter()
        .filter_map(|path| path.strip_suffix("/profile.toml").map(str::to_owned))
        .collect();
    names.sort();
    names
}

/// What a new folder gets when nobody names anything else: `worlds/defaults.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defaults {
    /// Profile.
    pub profile: String,
    /// Training world.
    pub world: String,
}

/// The usual profile and world.
pub fn defaults() -> anyhow::Result<Defaults> {
    let file = WorldFiles::get("defaults.toml").context("no defaults.toml is built in")?;
    toml::from_str(&String::from_utf8(file.data.into_owned())?).context("defaults.toml")
}

/// The bytes of a profile folder that is built in.
pub fn profile_source(name: &str) -> anyhow::Result<ProfileSource> {
    let mut source = ProfileSource::new(name);
    for path in ProfileFiles::iter() {
        let Some(inner) = path.strip_prefix(name).and_then(|rest| rest.strip_prefix('/')) else {
            continue;
        };
        let file = ProfileFiles::get(&path).with_context(|| format!("reading {path}"))?;
        let text =
            String::from_utf8(file.data.into_owned()).with_context(|| format!("{path} is not UTF-8"))?;
        source.files.insert(inner.to_owned(), text);
    }
    anyhow::ensure!(!source.files.is_empty(), "no profile named {name} is built in");
    Ok(source)
}

/// A profile folder on disk, for people who write one.
pub fn profile_folder(folder: &std::path::Path) -> anyhow::Result<ProfileSource> {
    let name = folder
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let mut source = ProfileSource::new(&name);
    collect(folder, folder, &mut source)?;
    Ok(source)
}

/// A profile folder on disk with its base: `cn-base` beside it, else the one built in.
pub fn folder_and_base(folder: &std::path::Path) -> anyhow::Result<(ProfileSource, ProfileSource)> {
    let beside = folder
        .parent()
        .map(|parent| parent.join("cn-base"))
        .filter(|base| base.is_dir());
    let base = match beside {
        Some(base) => profile_folder(&base)?,
        None => profile_source("cn-base")?,
    };
    Ok((base, profile_folder(folder)?))
}

fn collect(
    root: &std::path::Path,
    folder: &std::path::Path,
    source: &mut ProfileSource,
) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, source)?;
        } else {
            let inner = path.strip_prefix(root)?.to_string_lossy().replace('\\', "/");
            let text =
                std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
            source.files.insert(inner, text);
        }
    }
    Ok(())
}

/// A loaded profile with everything the use cases need of it.
pub fn profiles(base: ProfileSource, own: ProfileSource) -> anyhow::Result<Profiles> {
    let profile = Profile::load(&base, &own).map_err(|errors| listed(&errors))?;
    let scenarios = scenario::scenarios(&own).map_err(|errors| listed(&errors))?;
    Ok(Profiles::new(profile, base, own, scenarios))
}

/// Errors of a profile, one a line.
pub fn listed(errors: &[shuyu_profile::ProfileError]) -> anyhow::Error {
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    anyhow::anyhow!("{}", lines.join("\n"))
}

/// A file of a training world.
pub fn world_file(world: &str, name: &str) -> anyhow::Result<String> {
    let path = format!("{world}/{name}");
    let file = WorldFiles::get(&path).with_context(|| format!("no file {path} is built in"))?;
    Ok(String::from_utf8(file.data.into_owned())?)
}

/// Names of the files of a training world that start so, in order.
pub fn world_files(world: &str, start: &str) -> Vec<String> {
    let mut names: Vec<String> = WorldFiles::iter()
        .filter_map(|path| Some(path.strip_prefix(world)?.strip_prefix('/')?.to_owned()))
        .filter(|name| name.starts_with(start))
        .collect();
    names.sort();
    names
}

/// A training world.
pub fn world(name: &str) -> anyhow::Result<World> {
    toml::from_str(&world_file(name, "world.toml")?).context("world.toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_has_a_world_and_its_people_hold_known_roles() -> anyhow::Result<()> {
        let base = profile_source("cn-base")?;
        for name in profile_names() {
            let rules = Profile::load(&base, &profile_source(&name)?).map_err(|errors| listed(&errors))?;
            let world = world(&name)?;
            for body in &world.body {
                for role in &body.roles {
                    anyhow::ensure!(rules.role(role).is_some(), "{name}: {} holds {role}", body.id);
                }
            }
            for role in rules.roles.iter().filter(|role| role.single) {
                let holders = world.body.iter().filter(|body| body.roles.contains(&role.id));
                let holders = holders.count();
                anyhow::ensure!(holders <= 1, "{name}: {holders} bodies hold {}", role.id);
            }
            for person in &world.person {
                let of = world.body.iter().find(|body| body.id == person.body);
                let holds = of.is_some_and(|body| body.roles.contains(&person.role));
                anyhow::ensure!(holds, "{name}: {} acts in a role of another body", person.login);
            }
        }
        Ok(())
    }
}
