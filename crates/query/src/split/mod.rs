//! Split execution: [`lower`] builds plans over raw rows from a checked release, [`cells`] puts
//! their results together, [`upper`] runs the analyst's own plan over gated cells.

pub(crate) mod bounded;
mod calls;
pub(crate) mod cells;
pub(crate) mod classes;
mod derived;
mod further;
pub(crate) mod gather;
pub(crate) mod gathered;
pub(crate) mod groups;
mod layout;
pub(crate) mod lower;
pub(crate) mod measured;
mod membership;
pub(crate) mod order;
mod own;
mod rows;
pub(crate) mod sums;
pub(crate) mod upper;

pub(crate) use rows::is_fraction;
pub(crate) use sums::canonical;
