//! Every act of every procedure of all shipped jurisdictions is taken once in the console, by the role that owns it,
//! and comes to what the engine says in the jurisdiction's own scenarios.
//!
//! Scenarios are chosen so that together they take every act. Each is walked in an installation of its own with a
//! real record: a step whose act nobody has taken yet goes through the pages (task list, groups of questions with
//! papers, check-your-answers, further hands of the route), every other step is written into the record as the
//! engine decided it. Acts that no scenario takes are made up in a state of some scenario in which they are open.

mod cover;
mod filling;
mod form;
mod hall;
mod step;
mod visitor;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::Arc,
};

use shuyu_app::Profiles;
use shuyu_profile::{
    Profile, ProfileSource,
    scenario::{Scenario, scenarios},
};
use shuyu_web::i18n::Texts;

use crate::world::run;
use cover::Goal;

/// The folder of a shipped profile as bytes.
fn folder(name: &str) -> ProfileSource {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../profiles")
        .join(name);
    let mut source = ProfileSource::new(name);
    read(&root, &root, &mut source);
    source
}

fn read(root: &Path, folder: &Path, source: &mut ProfileSource) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(root, &path, source);
            continue;
        }
        let inner = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        source.files.insert(inner, fs::read_to_string(&path).unwrap());
    }
}

/// A jurisdiction, read once for all its installations.
pub struct Law {
    pub profile: Profile,
    pub scenarios: BTreeMap<String, Scenario>,
    base: ProfileSource,
    own: ProfileSource,
    pub texts: Arc<Texts>,
}

impl Law {
    fn read(name: &str) -> Self {
        let (base, own) = (folder("cn-base"), folder(name));
        Self {
            profile: Profile::load(&base, &own).unwrap_or_else(|errors| panic!("{errors:#?}")),
            scenarios: scenarios(&own).unwrap_or_else(|errors| panic!("{errors:#?}")),
            base,
            own,
            texts: Arc::new(Texts::load().unwrap()),
        }
    }

    /// The rules as an installation takes them.
    pub fn rules(&self) -> Profiles {
        let sources = (self.base.clone(), self.own.clone());
        Profiles::new(self.profile.clone(), sources.0, sources.1, BTreeMap::new())
    }
}

/// Rounds over the scenarios.
const ROUNDS: usize = 3;

/// Walks a jurisdiction and says what was covered; whatever was not is a failure.
fn walk(name: &str) {
    let law = Law::read(name);
    let goals = cover::goals(&law.profile);
    let (mut taken, mut wrong): (BTreeSet<Goal>, Vec<String>) = Default::default();
    let left = |taken: &BTreeSet<Goal>| -> BTreeSet<Goal> { goals.difference(taken).cloned().collect() };
    let mut walked = 0;
    run(async {
        // What one round could not take because a scenario goes back in time, the next does.
        for _ in 0..ROUNDS {
            for scenario in cover::chosen(&law.scenarios, left(&taken)) {
                step::scenario(&law, &scenario, &mut taken, &mut wrong).await;
                walked += 1;
            }
        }
        for (goal, made_up) in cover::made_up(&law.profile, &law.scenarios, left(&taken)) {
            println!("{name}: {}/{} made up", goal.0, goal.1);
            step::made_up(&law, &made_up, &mut taken, &mut wrong).await;
        }
    });
    let missing: Vec<&Goal> = goals.difference(&taken).collect();
    println!(
        "{name}: {} of {} acts of {} procedures taken in the console, in {walked} walks",
        goals.len() - missing.len(),
        goals.len(),
        law.profile.procedures.len(),
    );
    assert!(
        wrong.is_empty(),
        "{} went otherwise:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(missing.is_empty(), "no console form was walked for {missing:#?}");
}

#[test]
fn every_act_of_yunnan_is_taken_in_the_console() {
    walk("yunnan");
}

#[test]
fn every_act_of_jilin_is_taken_in_the_console() {
    walk("jilin");
}

#[test]
fn every_act_of_qiqihar_is_taken_in_the_console() {
    walk("qiqihar");
}

#[test]
fn every_act_of_lanzhou_is_taken_in_the_console() {
    walk("lanzhou");
}
