//! The functions that exist. Everything else cannot be named, whatever the engine below brings.
//!
//! Which of them may touch personal rows is decided in `check::exact`; the rest work on released
//! cells and public rows only. Left out on purpose: what makes rows or long texts out of nothing
//! (`repeat`, `lpad`, `replace`, `generate_series`), what is random or knows the time, what shows
//! the engine (`version`, `arrow_typeof`), what collects (`array_agg`, `string_agg`), patterns that
//! fail on some inputs (`regexp_*`, `to_timestamp`) and digests (`md5`, `digest`).

use std::sync::Arc;

use datafusion::{
    functions,
    functions_aggregate::{
        approx_median::approx_median_udaf,
        approx_percentile_cont::approx_percentile_cont_udaf,
        average::avg_udaf,
        correlation::corr_udaf,
        count::count_udaf,
        covariance::{covar_pop_udaf, covar_samp_udaf},
        grouping::grouping_udaf,
        median::median_udaf,
        min_max::{max_udaf, min_udaf},
        percentile_cont::percentile_cont_udaf,
        regr::{
            regr_avgx_udaf, regr_avgy_udaf, regr_count_udaf, regr_intercept_udaf, regr_r2_udaf,
            regr_slope_udaf, regr_sxx_udaf, regr_sxy_udaf, regr_syy_udaf,
        },
        stddev::{stddev_pop_udaf, stddev_udaf},
        sum::sum_udaf,
        variance::{var_pop_udaf, var_samp_udaf},
    },
    functions_window::{
        lead_lag::{lag_udwf, lead_udwf},
        nth_value::{first_value_udwf, last_value_udwf},
        rank::{dense_rank_udwf, percent_rank_udwf, rank_udwf},
        row_number::row_number_udwf,
    },
    logical_expr::{AggregateUDF, ScalarUDF, WindowUDF},
};

/// Scalar functions.
pub(crate) fn scalars() -> Vec<Arc<ScalarUDF>> {
    use functions::{core, datetime, math, string, unicode};
    vec![
        core::coalesce(),
        core::greatest(),
        core::least(),
        core::nullif(),
        datetime::date_part(),
        datetime::date_trunc(),
        datetime::to_char(),
        math::abs(),
        math::ceil(),
        math::floor(),
        math::ln(),
        math::power(),
        math::round(),
        math::signum(),
        math::sqrt(),
        math::trunc(),
        string::btrim(),
        string::concat(),
        string::lower(),
        string::ltrim(),
        string::rtrim(),
        string::starts_with(),
        string::upper(),
        unicode::character_length(),
        unicode::left(),
        unicode::right(),
        unicode::strpos(),
        unicode::substr(),
    ]
}

/// Aggregate functions.
pub(crate) fn aggregates() -> Vec<Arc<AggregateUDF>> {
    vec![
        approx_median_udaf(),
        approx_percentile_cont_udaf(),
        avg_udaf(),
        corr_udaf(),
        count_udaf(),
        covar_pop_udaf(),
        covar_samp_udaf(),
        grouping_udaf(),
        max_udaf(),
        median_udaf(),
        min_udaf(),
        percentile_cont_udaf(),
        regr_avgx_udaf(),
        regr_avgy_udaf(),
        regr_count_udaf(),
        regr_intercept_udaf(),
        regr_r2_udaf(),
        regr_slope_udaf(),
        regr_sxx_udaf(),
        regr_sxy_udaf(),
        regr_syy_udaf(),
        stddev_udaf(),
        stddev_pop_udaf(),
        sum_udaf(),
        var_samp_udaf(),
        var_pop_udaf(),
    ]
}

/// Window functions.
pub(crate) fn windows() -> Vec<Arc<WindowUDF>> {
    vec![
        dense_rank_udwf(),
        first_value_udwf(),
        lag_udwf(),
        last_value_udwf(),
        lead_udwf(),
        percent_rank_udwf(),
        rank_udwf(),
        row_number_udwf(),
    ]
}

fn names<'a>(all: impl Iterator<Item = (&'a str, &'a [String])>) -> Vec<String> {
    let mut names: Vec<String> = all
        .flat_map(|(name, aliases)| std::iter::once(name.to_owned()).chain(aliases.iter().cloned()))
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Names under which scalar functions can be called, sorted.
pub fn scalar_names() -> Vec<String> {
    names(scalars().iter().map(|f| (f.name(), f.aliases())))
}

/// Names under which aggregate functions can be called, sorted.
pub fn aggregate_names() -> Vec<String> {
    names(aggregates().iter().map(|f| (f.name(), f.aliases())))
}

/// Names under which window functions can be called, sorted.
pub fn window_names() -> Vec<String> {
    names(windows().iter().map(|f| (f.name(), f.aliases())))
}
