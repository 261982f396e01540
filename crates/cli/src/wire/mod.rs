//! Adapters: the engines behind the ports of `app`.

mod erasing;
mod governance;
mod identity;
mod keeper;
mod lake;
mod query;
#[cfg(test)]
mod traced;

pub use identity::IdentityAdapter;
pub use keeper::StoreKeeper;
pub use lake::LakeAdapter;
pub use query::QueryAdapter;
