//! ρ-zCDP: what a mechanism costs, and what that means as (ε, δ).

use super::sampler::Ratio;

/// Parts of ρ in one: amounts of ρ are whole millionths, so that sums of them are exact.
pub const MILLIONTHS: u64 = 1_000_000;

/// The variance with which a sum of whole numbers costs `rho` millionths divided by `parts`, where one subject
/// changes the sums of all cells together by at most `sensitivity_squared` (squared Euclidean distance).
///
/// σ² = Δ² / 2ρ: Canonne, Kamath, Steinke 2020, for the discrete Gaussian in several dimensions. `rho` and `parts` are at least 1.
pub fn variance(sensitivity_squared: u128, rho: u64, parts: u64) -> Ratio {
    let scaled = num_bigint::BigUint::from(sensitivity_squared) * MILLIONTHS * parts;
    Ratio::new(scaled, num_bigint::BigUint::from(rho) * 2u8)
}

/// The ε at which `rho` (1 for ρ = 1) is (ε, δ)-differentially private: the least over all orders of
/// ε(α) = αρ + (ln(1/δ) + α·ln(1 − 1/α) − ln(α − 1)) / (α − 1), Canonne, Kamath, Steinke 2020.
/// For showing only; nothing is decided by it. 0 for a cost of nothing; `delta` is above 0 and below 1.
pub fn epsilon(rho: f64, delta: f64) -> f64 {
    if rho <= 0.0 {
        return 0.0;
    }
    let at = |exponent: f64| {
        let above = exponent.exp();
        let order = 1.0 + above;
        order * rho + (-delta.ln() + order * (-1.0 / order).ln_1p() - above.ln()) / above
    };
    // Over ln(α − 1) the curve falls and then rises.
    let (mut low, mut high) = (-12.0f64, 40.0f64);
    for _ in 0..200 {
        let third = (high - low) / 3.0;
        if at(low + third) < at(high - third) {
            high -= third;
        } else {
            low += third;
        }
    }
    at(low.midpoint(high)).max(0.0)
}
