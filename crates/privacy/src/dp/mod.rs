//! Mode `dp`: differential privacy for answers about subjects.
//!
//! Two databases are neighbours if one has all rows of one subject more. An answer is δ′-approximately ρ-zCDP:
//!
//! 1. a subject counts in few cells, with a total that is moved into limits ([`bounded`]), so that what it can change is
//!    known before any data is read ([`Design`]);
//! 2. every sum of whole numbers gets discrete Gaussian noise of a variance that follows from that (`sampler`, `rho`);
//! 3. cells by values that come from the data leave only if they hold k subjects and, with noise, enough more that a
//!    cell that is there because of one subject leaves with a probability of at most δ′ ([`Design::threshold`]).
//!
//! What a query writes about noisy sums (ratios, HAVING, order) is post-processing and costs nothing.
//! The accountant adds up ρ over queries, which may depend on earlier answers (a zCDP filter); see `docs/security.md`
//! for what this proves and what it does not.

mod bounded;
mod design;
mod random;
mod rho;
mod sampler;
mod terms;

pub use bounded::{Cell, Subjects, bounded};
pub use design::{Amount, Counted, Design, Error, Noisy};
pub use random::Random;
pub use rho::{MILLIONTHS, epsilon, variance};
pub use sampler::Ratio;
pub use terms::DpTerms;

/// One number of the discrete Gaussian distribution with this variance.
pub fn discrete_gaussian(variance: &Ratio, random: &dyn Random) -> num_bigint::BigInt {
    random::Draw(random).gaussian(variance)
}

/// One number of the discrete Laplace distribution with this scale, which is at least 1.
pub fn discrete_laplace(scale: u64, random: &dyn Random) -> num_bigint::BigInt {
    random::Draw(random).laplace(&scale.max(1).into())
}
