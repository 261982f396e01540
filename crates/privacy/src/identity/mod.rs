//! 核验: whether what somebody says of a subject is what a register says, without either showing the other anything.
//!
//! A register is compiled into an [`Index`]: one keyed tag for each pair of identifier and attributes, sorted, nothing
//! else. A question is put in the same form, made into a tag under the same key, and looked up. The index holds no raw
//! value, and no tag of the identifier alone: that a subject is not in the register and that its attributes differ
//! cannot be told apart, neither by the client nor by whoever reads the index. A tag is HMAC-SM3 cut to 128 bits; an
//! *unkeyed* hash would be no protection, since all numbers of a county are tried in seconds.

mod index;

use shuyu_kernel::{Digest, cn::ResidentId};

pub use index::{Index, IndexBuilder, IndexError};

/// The key of one index. Another index has another one, so that two indexes cannot be compared.
#[derive(Clone)]
pub struct IdentityKey([u8; 32]);

/// What an index holds of a pair, and what a question is looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag(u128);

impl IdentityKey {
    /// A key of these bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The tag of an identifier with the attributes, in the order of the index's columns. Both are brought into their
    /// plain form first, so that the same person is the same however written.
    pub fn tag<'a>(&self, identifier: &str, attributes: impl IntoIterator<Item = &'a str>) -> Tag {
        let mut message = Vec::new();
        push(&mut message, &plain_identifier(identifier));
        for attribute in attributes {
            push(&mut message, &plain_attribute(attribute));
        }
        let Digest(bytes) = Digest::keyed(&self.0, &message);
        let cut = bytes.iter().take(16);
        Tag(cut.fold(0, |tag, byte| (tag << 8) | u128::from(*byte)))
    }
}

impl std::fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IdentityKey(…)")
    }
}

/// Each part preceded by its length, so that no two lists of parts are the same message.
fn push(message: &mut Vec<u8>, part: &str) {
    message.extend_from_slice(&(part.len() as u64).to_be_bytes());
    message.extend_from_slice(part.as_bytes());
}

/// An identifier without spaces, full-width signs as ASCII, letters in upper case (`x` of a resident id is `X`).
pub fn plain_identifier(text: &str) -> String {
    let signs = text.chars().filter(|sign| !sign.is_whitespace());
    signs.map(half_width).flat_map(char::to_uppercase).collect()
}

/// An attribute without spaces, full-width signs as ASCII; the middle dot of a name is one sign, whichever was typed.
pub fn plain_attribute(text: &str) -> String {
    let signs = text.chars().filter(|sign| !sign.is_whitespace());
    signs
        .map(|sign| match sign {
            '•' | '・' | '‧' | '∙' | '⋅' | '．' => '·',
            other => half_width(other),
        })
        .collect()
}

fn half_width(sign: char) -> char {
    match sign {
        '！'..='～' => char::from_u32(u32::from(sign) - 0xFEE0).unwrap_or(sign),
        other => other,
    }
}

/// The part that resident ids of one region and birth date have in common: 14 digits (GB 11643-1999). Of anything
/// else the whole, so that odd identifiers are counted too.
pub fn pattern(identifier: &str) -> String {
    let plain = plain_identifier(identifier);
    if plain.len() == 18 && plain.is_ascii() {
        plain.chars().take(14).collect()
    } else {
        plain
    }
}

/// Whether an identifier of the domain can exist. A person's is a resident id with a right check digit (GB 11643-1999).
pub fn can_exist(domain: &str, identifier: &str) -> bool {
    domain != "person" || plain_identifier(identifier).parse::<ResidentId>().is_ok()
}
