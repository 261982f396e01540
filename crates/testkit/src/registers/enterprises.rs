//! Enterprises that do not exist, with codes that pass the format check.

use shuyu_kernel::CreditCode;

use super::places::area_code;
use crate::random::Random;

/// Letters and digits of a body's code (GB 32100-2015).
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
/// Areas in which enterprises sit: the four first cities.
const AREAS_USED: u64 = 60;

/// The unified social credit code of the `index`-th synthetic enterprise: an enterprise registered by
/// market supervision (`91`) in an area that does not exist, with a valid check character.
///
/// Different positions have different codes (up to 31^4 = 923,521 of them in one area).
pub fn credit_code(seed: u64, index: u64) -> Option<CreditCode> {
    let area = area_code(index % AREAS_USED);
    let mut random = Random::of(seed, "enterprise", index);
    // Four letters count the enterprises of the area, the other three are drawn.
    let mut number = index / AREAS_USED;
    let mut body = String::from("MA");
    for _ in 0..4 {
        body.push(letter(number % 31));
        number /= 31;
    }
    for _ in 0..3 {
        body.push(letter(random.below(31)));
    }
    CreditCode::from_first_seventeen(&format!("91{area}{body}")).ok()
}

fn letter(value: u64) -> char {
    usize::try_from(value)
        .ok()
        .and_then(|i| ALPHABET.get(i))
        .map_or('0', |byte| char::from(*byte))
}
