//! Chinese national identifiers: 公民身份号码, 统一社会信用代码, 行政区划代码.
//!
//! All parse strictly and say precisely what is wrong, without repeating the text that was given.
//! A [`ResidentId`] never shows itself: `Debug` and `Display` are masked and it does not serialise.

mod credit_code;
mod division_code;
mod resident_id;
mod within;

pub use credit_code::{CreditCode, CreditCodeError};
pub use division_code::{DivisionCode, DivisionCodeError, DivisionLevel};
pub use resident_id::{ResidentId, ResidentIdError, Sex};
pub use within::holds_identifier;
