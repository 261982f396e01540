//! What can be named: our functions, and none of the engine's own.

use std::collections::BTreeSet;

use datafusion::execution::SessionStateDefaults;
use shuyu_query::{aggregate_names, scalar_names, window_names};

use crate::fixture::{Outcome, WORLD};

#[test]
fn the_lists_are_exactly_these() {
    let scalars = "abs btrim ceil char_length character_length coalesce concat date_part date_trunc datepart \
                   datetrunc date_format floor greatest instr left least length ln lower ltrim nullif position pow power \
                   right round rtrim signum sqrt starts_with strpos substr substring to_char trim trunc upper";
    let set = |text: &str| {
        text.split_whitespace()
            .map(str::to_owned)
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(scalar_names().into_iter().collect::<BTreeSet<_>>(), set(scalars));
    let aggregates = "approx_median approx_percentile_cont avg corr count covar covar_pop covar_samp grouping max mean \
                      median min percentile_cont quantile_cont regr_avgx regr_avgy regr_count regr_intercept regr_r2 \
                      regr_slope regr_sxx regr_sxy regr_syy stddev stddev_pop stddev_samp sum var var_pop \
                      var_population var_samp var_sample";
    assert_eq!(
        aggregate_names().into_iter().collect::<BTreeSet<_>>(),
        set(aggregates)
    );
    let windows = "dense_rank first_value lag last_value lead percent_rank rank row_number";
    assert_eq!(window_names().into_iter().collect::<BTreeSet<_>>(), set(windows));
}

#[test]
fn no_other_default_function_exists() {
    let ours: BTreeSet<String> = [scalar_names(), aggregate_names(), window_names()]
        .concat()
        .into_iter()
        .collect();
    let mut theirs = BTreeSet::new();
    for function in SessionStateDefaults::default_scalar_functions() {
        theirs.insert(function.name().to_owned());
        theirs.extend(function.aliases().iter().cloned());
    }
    for function in SessionStateDefaults::default_aggregate_functions() {
        theirs.insert(function.name().to_owned());
        theirs.extend(function.aliases().iter().cloned());
    }
    for function in SessionStateDefaults::default_window_functions() {
        theirs.insert(function.name().to_owned());
    }
    let foreign: Vec<&String> = theirs.difference(&ours).collect();
    assert!(
        foreign.len() > 150,
        "the stock registry has many more: {}",
        foreign.len()
    );
    for name in foreign {
        let sql = format!("SELECT \"{name}\"(county) FROM region");
        let Outcome::Refused(refusal) = WORLD.ask(&sql) else {
            panic!("{name} exists")
        };
        assert_eq!(refusal.code, "function_not_allowed", "{name}");
    }
}

#[test]
fn functions_of_the_engine_cannot_be_named() {
    for name in ["__second_greatest", "__contribution_key"] {
        let refusal = WORLD.refusal(&format!("SELECT {name}(income) FROM person"));
        assert_eq!(refusal.code, "function_not_allowed");
    }
}

#[test]
fn tables_that_are_made_of_nothing_do_not_exist() {
    for sql in [
        "SELECT * FROM generate_series(1, 10)",
        "SELECT * FROM range(1, 10)",
        "SELECT * FROM unnest([1, 2])",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM pg_catalog.pg_class",
        "SELECT * FROM 'person.parquet'",
        "SELECT * FROM \"/etc/passwd\"",
        "SELECT * FROM datafusion.public.person",
        "SELECT * FROM region TABLESAMPLE BERNOULLI (10)",
        "SELECT * FROM region, LATERAL (SELECT 1) x",
    ] {
        let code = WORLD.refusal(sql).code;
        let known = [
            "table_not_granted",
            "function_not_allowed",
            "node_not_allowed",
            "query_not_parsed",
        ];
        assert!(known.contains(&code.as_str()), "{sql}: {code}");
    }
}
