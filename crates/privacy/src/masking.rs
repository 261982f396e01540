//! Masking recipes for de-identified versions: keyed pseudonyms, bands, prefixes, top-coding.

use crate::prf::GateKey;

/// A keyed 64-bit pseudonym: HMAC-SM3 over domain and value.
///
/// An unkeyed digest of an identity number is no protection, since all numbers of a county can be
/// tried in seconds; the key is what protects. One domain has one key, so that sets compare across
/// tables, and different domains never compare.
pub fn pseudonym(key: &GateKey, domain: &str, value: &str) -> u64 {
    key.value("pseudonym", &[domain.as_bytes(), value.as_bytes()])
}

/// The lower edge of the band of `width` that holds `value`; bands start at 0.
/// `None` when the width is not positive or the edge is not a 64-bit number.
pub fn band(value: i64, width: i64) -> Option<i64> {
    if width <= 0 {
        return None;
    }
    value.div_euclid(width).checked_mul(width)
}

/// The first `length` characters (not bytes).
pub fn prefix(text: &str, length: usize) -> &str {
    text.char_indices()
        .nth(length)
        .map_or(text, |(end, _)| &text[..end])
}

/// `value`, but at most `top`.
pub fn top_code(value: i64, top: i64) -> i64 {
    value.min(top)
}
