//! Adapters: the engines behind the ports of `app`.

mod checking;
mod dummy;
mod erasing;
mod governance;
mod identity;
mod job_tables;
mod keeper;
mod lake;
mod model_risk;
mod own;
mod query;
mod retaining;
mod sandbox;
#[cfg(test)]
mod traced;

pub use identity::IdentityAdapter;
pub use job_tables::LakeTables;
pub use keeper::StoreKeeper;
pub use lake::LakeAdapter;
pub use query::QueryAdapter;
pub use sandbox::SandboxAdapter;
