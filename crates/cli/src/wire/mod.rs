//! Adapters: the engines behind the ports of `app`.

mod identity;
mod erasing;
mod governance;
mod keeper;
mod lake;
mod query;
#[cfg(test)]
mod traced;

pub use identity::IdentityAdapter;
pub use keeper::StoreKeeper;
pub use lake::LakeAdapter;
pub use query::QueryAdapter;
