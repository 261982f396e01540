//! The shipped profile.

use shuyu_profile::check;

use crate::support::{lines, load, shipped};

#[test]
fn loads_and_every_reference_resolves() {
    let (base, own) = shipped();
    let profile = load(&base, &own);
    assert_eq!(lines(&check::references(&profile)), "");
}

#[test]
fn life_cycles_are_sound() {
    let (base, own) = shipped();
    let profile = load(&base, &own);
    assert_eq!(lines(&check::life_cycles(&profile)), "");
}
