//! Every shipped scenario runs as written, and would not if the rule behind a refusal were gone.

use shuyu_domain::scenario::run_all;

use crate::support::shipped;

#[test]
fn all_pass() {
    let (profile, scenarios) = shipped();
    let failures: Vec<String> =
        run_all(&profile, &scenarios).iter().flat_map(|run| run.failures.iter().map(ToString::to_string)).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
