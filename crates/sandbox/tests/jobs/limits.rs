//! Limits, each held by the mechanism that the outcome names; and the end of a run from outside.

use std::{cell::Cell, time::Duration};

use crate::bed::{Bed, SMALL, job};
use shuyu_sandbox::{End, Limits, Phase, Sandbox, SandboxError};

#[test]
fn it_says_what_holds_each_limit() {
    let bed = Bed::new();
    let able = bed.sandbox.able("able").unwrap();
    for limit in [
        "memory",
        "processes",
        "cpu",
        "wall",
        "disk",
        "output",
        "network",
        "files",
        "calls",
    ] {
        assert!(able.held_by.contains_key(limit), "{limit}");
    }
    assert!(
        able.runtime
            .packages
            .iter()
            .any(|package| package.starts_with("scikit-learn=="))
    );
    let ran = bed.source("pass");
    assert_eq!(ran.outcome.held_by, able.held_by);
}

#[test]
fn without_bubblewrap_or_a_runtime_nothing_runs() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = crate::bed::settings(folder.path().to_owned());
    settings.runtime = folder.path().join("none");
    let refused = Sandbox::new(settings.clone()).unwrap_err();
    assert_eq!(
        (refused.code.as_str(), refused.facts["missing"].as_str()),
        ("sandbox_missing", "runtime")
    );
    settings.bubblewrap = folder.path().join("bwrap");
    let refused = Sandbox::new(settings).unwrap_err();
    assert_eq!(
        (refused.code.as_str(), refused.facts["missing"].as_str()),
        ("sandbox_missing", "bubblewrap")
    );
}

#[test]
fn a_fork_bomb_ends_at_the_limit_and_leaves_nobody() {
    let bed = Bed::new();
    let ran = bed.source(
        "import os, signal\nn = 0\ntry:\n    while n < 500:\n        if os.fork() == 0:\n            signal.pause()\n        \
         n += 1\nexcept OSError:\n    pass\nprint(n)",
    );
    let forked: u64 = ran.log.trim().parse().unwrap();
    assert!(forked < SMALL.processes, "{forked}");
}

#[test]
fn a_memory_hog_is_ended() {
    let bed = Bed::new();
    let ran = bed.source("x = []\nwhile True:\n    x.append(bytearray(16 << 20))");
    assert_ne!(ran.outcome.end, End::Done);
    // Many small ones together: the limit is on the whole run where a control group holds it.
    let many = "import os\nfor i in range(6):\n    if os.fork() == 0:\n        x = bytearray(b'x') * (400 << 20)\n        \
         os._exit(0 if len(x) else 1)\nprint(sorted(os.wait()[1] for _ in range(6)))";
    let ran = bed.source(many);
    if ran.outcome.held_by["memory"].starts_with("cgroup") {
        assert!(
            ran.outcome.end != End::Done || ran.log.contains('9'),
            "{}",
            ran.log
        );
    }
}

#[test]
fn a_disk_filler_gets_no_more_than_its_share() {
    let bed = Bed::new();
    for folder in ["/out", "/tmp"] {
        let ran = bed.source(&format!(
            "n = 0\ntry:\n    for i in range(1000):\n        open(f'{folder}/{{i}}', 'wb').write(bytes(1 << 20))\n        \
             n += 1\nexcept OSError as full:\n    print(n, full.errno)"
        ));
        assert_eq!(ran.log.trim(), "4 28", "{folder}");
    }
}

#[test]
fn an_endless_loop_and_a_sleeper_are_ended_in_time() {
    let bed = Bed::new();
    for source in [
        "while True:\n    pass",
        "import signal\nsignal.pause()",
        "import os, signal\nsignal.signal(15, signal.SIG_IGN)\nos.setsid() if os.fork() == 0 else None\nsignal.pause()",
    ] {
        let mut late = job(source);
        late.limits.wall = Duration::from_millis(600);
        let ran = bed.run(&late);
        assert_eq!(ran.outcome.end, End::OutOfTime);
        assert_eq!(ran.outcome.slots, 12);
    }
    let mut busy = job("while True:\n    pass");
    busy.limits.cpu_seconds = 1;
    assert_eq!(bed.run(&busy).outcome.end, End::Killed);
}

#[test]
fn the_length_of_a_run_is_told_in_whole_slots() {
    let bed = Bed::new();
    let slot = |slot| Limits {
        slot: Duration::from_millis(slot),
        ..SMALL
    };
    let mut short = job("pass");
    short.limits = slot(2000);
    let mut longer = job("x = sum(range(1_000_000))");
    longer.limits = slot(2000);
    assert_eq!(
        bed.run(&short).outcome.for_author(None),
        bed.run(&longer).outcome.for_author(None)
    );
}

#[test]
fn a_cancelled_run_is_gone_and_keeps_nothing() {
    let bed = Bed::new();
    let prepared = bed
        .sandbox
        .prepare(&job("import os\nos.fork()\nos.fork()\nwhile True:\n    pass"))
        .unwrap();
    let running = Cell::new(false);
    let ended = bed.sandbox.execute(&prepared, &|| running.get(), &|beat| {
        running.set(beat.phase == Phase::Running);
    });
    // `execute` itself fails with a fault if one process of the run is left.
    assert!(matches!(ended, Err(SandboxError::Refused(refused)) if refused.code == "job_cancelled"));
    assert!(bed.sandbox.finalise(&prepared).is_err());
}

#[test]
fn every_step_may_be_repeated() {
    let bed = Bed::new();
    let source = "import os\nopen('/out/t.csv', 'w').write('a\\n' + str(int.from_bytes(os.urandom(2), 'big')) + '\\n')";
    let job = crate::bed::declaring(job(source), &[("t.csv", shuyu_sandbox::Kind::Table)]);
    let first = bed.run(&job);
    let bytes = bed.sandbox.output(&first.prepared, "t.csv").unwrap();
    let second = bed.run(&job);
    assert_eq!((&first.outcome, &first.left), (&second.outcome, &second.left));
    assert_eq!(bed.sandbox.output(&second.prepared, "t.csv").unwrap(), bytes);
    let mut other = job.clone();
    other.source.push(b'\n');
    let refused = bed.sandbox.prepare(&other).unwrap_err();
    assert!(matches!(refused, SandboxError::Refused(refused) if refused.code == "job_differs"));
    bed.sandbox.discard(&first.prepared).unwrap();
    assert!(bed.sandbox.finalise(&first.prepared).is_err());
}
