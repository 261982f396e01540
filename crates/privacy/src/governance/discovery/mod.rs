//! Which columns hold what is sensitive: by content over a bounded sample, and by the column's name.
//!
//! Content is judged per kind by two shares over the sampled values: how many of them are *valid* (check digit,
//! calendar, numbering plan), and how many only *look* so. What looks like an identity number and fails its check
//! speaks against the kind: an order number of eighteen digits passes once in eleven times, a register nearly
//! always. What does not look so at all only says that the column is mixed. The column's name adds to weak
//! content and never stands for it, except that nothing contradicts it.

mod detect;
mod form;
mod judge;
mod names;
mod person;
mod sample;
mod words;

use arrow::array::RecordBatch;
use serde::{Deserialize, Serialize};

pub use sample::{MAX_VALUE_CHARACTERS, SAMPLE_VALUES};

use sample::Reservoir;

/// A kind of sensitive field (敏感字段).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sensitive {
    /// 公民身份号码, GB 11643.
    ResidentId,
    /// 统一社会信用代码, GB 32100.
    CreditCode,
    /// Mobile phone: numbering plan of the public network, eleven digits.
    MobilePhone,
    /// Fixed phone with area code.
    FixedPhone,
    /// Bank card: 16 to 19 digits, ISO/IEC 7812 check digit, issuer range.
    BankCard,
    /// Passport number of an ordinary, service or diplomatic passport.
    Passport,
    /// Vehicle plate, GA 36.
    VehiclePlate,
    /// E-mail address.
    Email,
    /// IP address, version 4 or 6.
    IpAddress,
    /// Postal address.
    Address,
    /// Division code, GB/T 2260 and its extensions.
    DivisionCode,
    /// Chinese personal name.
    PersonName,
    /// Birth date.
    BirthDate,
    /// Sex.
    Sex,
    /// Code of a diagnosis, GB/T 14396.
    MedicalCode,
    /// Longitude, latitude, or both.
    Coordinate,
    /// Amount of money.
    Amount,
}

impl Sensitive {
    /// All kinds, in order.
    pub const ALL: [Self; 17] = [
        Self::ResidentId,
        Self::CreditCode,
        Self::MobilePhone,
        Self::FixedPhone,
        Self::BankCard,
        Self::Passport,
        Self::VehiclePlate,
        Self::Email,
        Self::IpAddress,
        Self::Address,
        Self::DivisionCode,
        Self::PersonName,
        Self::BirthDate,
        Self::Sex,
        Self::MedicalCode,
        Self::Coordinate,
        Self::Amount,
    ];

    /// Its stable name, as serialised.
    pub fn code(self) -> &'static str {
        match self {
            Self::ResidentId => "resident_id",
            Self::CreditCode => "credit_code",
            Self::MobilePhone => "mobile_phone",
            Self::FixedPhone => "fixed_phone",
            Self::BankCard => "bank_card",
            Self::Passport => "passport",
            Self::VehiclePlate => "vehicle_plate",
            Self::Email => "email",
            Self::IpAddress => "ip_address",
            Self::Address => "address",
            Self::DivisionCode => "division_code",
            Self::PersonName => "person_name",
            Self::BirthDate => "birth_date",
            Self::Sex => "sex",
            Self::MedicalCode => "medical_code",
            Self::Coordinate => "coordinate",
            Self::Amount => "amount",
        }
    }
}

/// What was found in a column. Holds shares and counts, never a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The kind.
    pub kind: Sensitive,
    /// Confidence in thousandths, from [`FOUND`] to 1000.
    pub confidence: u32,
    /// Valid values among the sampled ones, in thousandths.
    pub valid_share: u32,
    /// Whether the column's name says so as well.
    pub by_name: bool,
}

/// One column as examined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnFindings {
    /// Name of the column.
    pub column: String,
    /// Rows without a value.
    pub nulls: u64,
    /// Values looked at.
    pub sampled: u64,
    /// What it holds, surest first; empty when nothing sensitive was found.
    pub findings: Vec<Finding>,
}

/// Least confidence, in thousandths, at which a kind counts as found; platform default. Floors of precision and
/// recall at this confidence are held by the test `discovery`.
pub const FOUND: u32 = 600;

/// Examines a table batch by batch.
///
/// Memory: at most [`SAMPLE_VALUES`] values of [`MAX_VALUE_CHARACTERS`] characters per column, whatever the rows.
/// The same seed and rows give the same findings, however the rows are cut into batches.
#[derive(Debug)]
pub struct Examination {
    seed: u64,
    rows: u64,
    columns: Vec<(String, Reservoir)>,
}

impl Examination {
    /// An examination of these columns; columns of a batch with other names are passed over.
    pub fn new<'a>(columns: impl IntoIterator<Item = &'a str>, seed: u64) -> Self {
        let columns = columns.into_iter();
        let columns = columns.map(|name| (name.to_owned(), Reservoir::default()));
        Self {
            seed,
            rows: 0,
            columns: columns.collect(),
        }
    }

    /// Looks at one more batch.
    pub fn take(&mut self, batch: &RecordBatch) {
        for (name, reservoir) in &mut self.columns {
            if let Some(array) = batch.column_by_name(name) {
                reservoir.take(array, self.rows, self.seed);
            }
        }
        self.rows += batch.num_rows() as u64;
    }

    /// Rows seen so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// What was found, column by column in the order given.
    pub fn finish(self) -> Vec<ColumnFindings> {
        let columns = self.columns.into_iter();
        columns
            .map(|(column, reservoir)| {
                let nulls = reservoir.nulls();
                let values = reservoir.values();
                ColumnFindings {
                    findings: judge::judge(&column, &values),
                    column,
                    nulls,
                    sampled: values.len() as u64,
                }
            })
            .collect()
    }
}

/// What texts hold that did not come in a column: a line of a log, the cells of a file that wants to leave.
/// Only kinds that prove themselves by form alone.
pub fn proven(text: &str) -> Option<Sensitive> {
    let value = form::normal(text);
    let sure = [
        Sensitive::ResidentId,
        Sensitive::CreditCode,
        Sensitive::Email,
        Sensitive::VehiclePlate,
    ];
    let mobile = [Sensitive::MobilePhone, Sensitive::BankCard];
    sure.into_iter()
        .chain(mobile)
        .find(|kind| detect::look(*kind, &value) == detect::Look::Valid)
}

/// The normal form under which values of identifiers are compared: half-width, without spaces and hyphens, letters
/// upper-case.
pub(super) fn normal_value(text: &str) -> String {
    form::compact(&form::normal(text)).to_ascii_uppercase()
}
