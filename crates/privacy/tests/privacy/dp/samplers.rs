//! The samplers against their formulas, the accountant against OpenDP.

use opendp::{
    combinators::make_zCDP_to_approxDP,
    domains::{AtomDomain, VectorDomain},
    measurements::make_gaussian,
    measures::ZeroConcentratedDivergence,
    metrics::{AbsoluteDistance, L2Distance},
};
use shuyu_privacy::dp::{Amount, Ratio, discrete_gaussian, discrete_laplace, epsilon, variance};

use super::{Seeded, design};

/// Draws per distribution.
const DRAWS: usize = 40_000;
/// The value that chi-square with `freedom` degrees exceeds once in a million (Wilson and Hilferty).
fn most(freedom: f64) -> f64 {
    let part = 2.0 / (9.0 * freedom);
    freedom * (1.0 - part + 4.753 * part.sqrt()).powi(3)
}

/// Chi-square of draws against weights over −reach…reach; what is further out is one class more.
fn chi_square(draws: &[i64], weight: impl Fn(i64) -> f64, reach: i64) -> f64 {
    let all: f64 = (-60 * reach..=60 * reach).map(&weight).sum();
    let expected = |x: i64| weight(x) / all * draws.len() as f64;
    let mut inside = 0.0;
    let mut total = 0.0;
    let mut left = draws.len() as f64;
    for x in -reach..=reach {
        let found = draws.iter().filter(|draw| **draw == x).count() as f64;
        total += (found - expected(x)).powi(2) / expected(x);
        inside += expected(x);
        left -= found;
    }
    let outside = draws.len() as f64 - inside;
    total + (left - outside).powi(2) / outside
}

#[test]
fn the_discrete_gaussian_is_the_one_of_its_formula() {
    // Whole, fractional and small variances; reaches so that every class expects some draws.
    for (over, under, reach) in [(4u32, 1u32, 5), (1, 2, 2), (49, 3, 10), (1, 5, 1)] {
        let random = Seeded::new(u64::from(over * 100 + under));
        let ratio = Ratio::new(over, under);
        let draws: Vec<i64> = (0..DRAWS)
            .map(|_| i64::try_from(discrete_gaussian(&ratio, &random)).unwrap())
            .collect();
        let of = f64::from(over) / f64::from(under);
        let weight = |x: i64| (-(x * x) as f64 / (2.0 * of)).exp();
        let chi = chi_square(&draws, weight, reach);
        let freedom = (2 * reach + 1) as f64;
        assert!(chi < most(freedom), "{over}/{under}: {chi} of {freedom}");
        // The test has teeth: a variance that is a tenth greater is told apart.
        let wider = |x: i64| (-(x * x) as f64 / (2.2 * of)).exp();
        assert!(chi_square(&draws, wider, reach) > most(freedom), "{over}/{under}");
    }
}

#[test]
fn the_discrete_laplace_is_the_one_of_its_formula() {
    for (scale, reach) in [(1u64, 5), (3, 12)] {
        let random = Seeded::new(scale);
        let draws: Vec<i64> = (0..DRAWS)
            .map(|_| i64::try_from(discrete_laplace(scale, &random)).unwrap())
            .collect();
        let weight = |x: i64| (-(x.abs() as f64) / scale as f64).exp();
        let chi = chi_square(&draws, weight, reach);
        assert!(chi < most((2 * reach + 1) as f64), "{scale}: {chi}");
    }
}

#[test]
fn noise_of_great_sums_has_its_spread() {
    // Beyond 64 bits: squares of 10¹⁵ times the parts of ρ.
    let ratio = variance(1_000_000_000_000_000u128.pow(2), 5_000, 1);
    let random = Seeded::new(9);
    let draws: Vec<f64> = (0..4_000)
        .map(|_| i128::try_from(discrete_gaussian(&ratio, &random)).unwrap() as f64)
        .collect();
    let spread = (draws.iter().map(|x| x * x).sum::<f64>() / draws.len() as f64).sqrt();
    let wanted = 1e15 / (2.0f64 * 0.005).sqrt();
    assert!((spread / wanted - 1.0).abs() < 0.05, "{spread} {wanted}");
    assert!((ratio.shown().sqrt() / wanted - 1.0).abs() < 1e-12);
}

#[test]
fn rho_of_a_deviation_is_what_opendp_says() {
    for (sensitivity, rho) in [(1u32, 5_000u64), (1, 500_000), (12, 2_500), (400, 40)] {
        let squared = u128::from(sensitivity).pow(2);
        let scale = variance(squared, rho, 1).shown().sqrt();
        let space = (AtomDomain::<i64>::default(), AbsoluteDistance::<i64>::default());
        let ours = make_gaussian::<_, _, ZeroConcentratedDivergence>(space.0, space.1, scale, None).unwrap();
        let theirs = ours.map(&i64::from(sensitivity)).unwrap();
        let said = rho as f64 / 1e6;
        assert!((theirs / said - 1.0).abs() < 1e-9, "{theirs} {said}");
    }
}

#[test]
fn rho_of_several_cells_and_sums_is_what_opendp_says() {
    let terms = [Amount::Rows, Amount::total(-50, 2_000, true)];
    let mut planned = design(&terms, 30_000);
    (planned.rows, planned.cells) = (12, 4);
    let mut all = 0.0;
    for (sum, most) in terms.iter().zip([12.0f64, 24_000.0]) {
        let scale = planned.variance(*sum).shown().sqrt();
        let domain = VectorDomain::new(AtomDomain::<i64>::default());
        let metric = L2Distance::<f64>::default();
        let each = make_gaussian::<_, _, ZeroConcentratedDivergence>(domain, metric, scale, None).unwrap();
        // Four cells, each moved by as much as one subject can.
        all += each.map(&(most * 2.0)).unwrap();
    }
    assert!((all / 0.03 - 1.0).abs() < 1e-9, "{all}");
}

#[test]
fn epsilon_of_rho_is_what_opendp_says() {
    for (rho, delta) in [(0.005, 1e-7), (0.25, 1e-7), (0.25, 1e-9), (2.0, 1e-6)] {
        let scale = (1.0f64 / (2.0 * rho)).sqrt();
        let space = (AtomDomain::<i64>::default(), AbsoluteDistance::<i64>::default());
        let mechanism =
            make_gaussian::<_, _, ZeroConcentratedDivergence>(space.0, space.1, scale, None).unwrap();
        let profile = make_zCDP_to_approxDP(mechanism).unwrap().map(&1).unwrap();
        let theirs = profile.epsilon(delta).unwrap();
        let ours = epsilon(rho, delta);
        assert!((ours / theirs - 1.0).abs() < 1e-6, "{ours} {theirs}");
    }
    assert_eq!(epsilon(0.0, 1e-6), 0.0);
}
