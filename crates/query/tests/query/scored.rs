//! Files of cases, scored as `shuyu policy score` does.

use shuyu_query::score::{Report, Rewrite, Run, read, score};

use crate::fixture::{WORLD, block_on};

fn scored(cases: &str, rewrite: Rewrite, keys: u8) -> Report {
    let fixture = &WORLD.fixture;
    let run = Run {
        keys,
        rewrite,
        ..Run::default()
    };
    let report = block_on(score(fixture, &read(cases).unwrap(), &run)).unwrap();
    assert!(report.failed.is_empty(), "{rewrite:?}: {:#?}", report.failed);
    report
}

/// Every attack of a file is stopped and every legitimate query answered; there are so many of each.
#[track_caller]
pub fn all_pass(cases: &str, attacks: usize, legitimate: usize) -> Report {
    let report = scored(cases, Rewrite::AsItIs, 2);
    assert_eq!((report.attacks.of, report.legitimate.of), (attacks, legitimate));
    report
}

/// The same, put differently. What cannot be put so is left out; how many attacks and legitimate queries were not.
pub fn put_as(cases: &str, rewrite: Rewrite) -> (usize, usize) {
    let report = scored(cases, rewrite, 1);
    (report.attacks.of, report.legitimate.of)
}

/// The same in every rewrite. Few statements, if any, cannot be put differently.
#[track_caller]
pub fn however_put(cases: &str) {
    let all = read(cases).unwrap().len();
    for rewrite in Rewrite::ALL {
        let (attacks, legitimate) = put_as(cases, rewrite);
        assert!(
            (attacks + legitimate) * 10 >= all * 9,
            "{rewrite:?}: {attacks}, {legitimate} of {all}"
        );
    }
}
