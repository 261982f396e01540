//! `law check`: what must be true of a profile before anybody works under it.

mod batch;
mod dp;
mod guards;
mod life_cycle;
mod references;
mod superiors;

pub use life_cycle::life_cycles;
pub use references::references;
