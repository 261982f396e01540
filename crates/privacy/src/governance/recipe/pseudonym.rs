//! Keyed pseudonyms of a project.

use shuyu_kernel::{
    CivilDate, Digest,
    cn::{CreditCode, ResidentId},
};

use super::PseudonymForm;
use crate::governance::discovery::normal_value;

/// The key of the pseudonyms of one project.
///
/// Derived from the key of the installation, so that it need not be kept, and different in every project: two
/// recipients who lay their sets side by side find no pseudonym in common. Within a project each identifier
/// domain has its own key again.
#[derive(Clone)]
pub struct PseudonymKey([u8; 32]);

impl PseudonymKey {
    /// The key of a project under the key of the installation.
    pub fn of(installation: &[u8; 32], project: &str) -> Self {
        Self(Digest::keyed(installation, format!("pseudonym/{project}").as_bytes()).0)
    }

    /// The key of one domain.
    pub(super) fn domain(&self, domain: &str) -> [u8; 32] {
        Digest::keyed(&self.0, domain.as_bytes()).0
    }
}

impl std::fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PseudonymKey(…)")
    }
}

/// The pseudonym of a value: HMAC-SM3 over its normal form, so that `x` and `X`, or full-width digits, are one.
pub(super) fn pseudonym(key: &[u8; 32], form: PseudonymForm, value: &str) -> Option<String> {
    let tag = Digest::keyed(key, normal_value(value).as_bytes());
    match form {
        PseudonymForm::Code => Some(tag.to_string().chars().take(32).collect()),
        PseudonymForm::ResidentId => {
            let mut bits = Bits::of(&tag);
            let area = format!("99{:04}", bits.below(10_000));
            // Any day of the hundred years from 1900; the day has nothing to do with the true one.
            let first = CivilDate::new(1900, 1, 1)?.days();
            let birth = CivilDate::from_days(first + i64::try_from(bits.below(36_524)).ok()?);
            let sequence = u16::try_from(bits.below(999) + 1).ok()?;
            let id = ResidentId::from_parts(&area, birth, sequence).ok()?;
            Some(id.reveal().to_owned())
        }
        PseudonymForm::CreditCode => {
            let mut bits = Bits::of(&tag);
            let letters = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
            let body: Option<String> = (0..9)
                .map(|_| {
                    letters
                        .get(usize::try_from(bits.below(31)).ok()?)
                        .map(|b| char::from(*b))
                })
                .collect();
            let code = CreditCode::from_first_seventeen(&format!("Y199{:04}{}", bits.below(10_000), body?));
            code.ok().map(|code| code.to_string())
        }
    }
}

/// Draws from a digest.
struct Bits(u128);

impl Bits {
    fn of(tag: &Digest) -> Self {
        Self(
            tag.0
                .iter()
                .take(16)
                .fold(0, |bits, byte| (bits << 8) | u128::from(*byte)),
        )
    }
    fn below(&mut self, bound: u64) -> u64 {
        let drawn = self.0 % u128::from(bound);
        self.0 /= u128::from(bound);
        u64::try_from(drawn).unwrap_or(0)
    }
}
