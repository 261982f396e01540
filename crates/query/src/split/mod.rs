//! Split execution: [`lower`] builds plans over raw rows from a checked release, [`cells`] puts
//! their results together, [`upper`] runs the analyst's own plan over gated cells.

pub(crate) mod cells;
mod further;
pub(crate) mod lower;
mod rows;
pub(crate) mod upper;
