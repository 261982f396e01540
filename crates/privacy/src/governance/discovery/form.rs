//! One form for a value, whatever keyboard it came from.

/// Full-width letters, digits and signs become their half-width ones, the ideographic space a space; ends are
/// trimmed. (The part of Unicode's NFKC that keyboards in China produce.)
pub(super) fn normal(text: &str) -> String {
    let narrow = |c: char| match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{3000}' | '\u{00A0}' => ' ',
        '—' | '–' => '-',
        other => other,
    };
    let narrowed: String = text.chars().map(narrow).collect();
    narrowed.trim().trim_matches('\'').trim().to_owned()
}

/// Without the spaces and hyphens with which people group digits.
pub(super) fn compact(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, ' ' | '-' | '\t')).collect()
}

/// Whether these are only ASCII digits, so many of them.
pub(super) fn digits(text: &str, lengths: std::ops::RangeInclusive<usize>) -> bool {
    lengths.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a character is a Chinese one (CJK unified ideographs and extension A, which hold all names in use in
/// GB 18030 implementation level 2 but a few hundred).
pub(super) fn han(c: char) -> bool {
    matches!(c, '\u{4E00}'..='\u{9FFF}' | '\u{3400}'..='\u{4DBF}' | '\u{3007}')
}
