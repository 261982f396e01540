//! Whether a text that should name a thing holds an identifier of somebody.

use super::{CreditCode, ResidentId, ResidentIdError};

/// Characters of a resident's identity number and of a credit code.
const LONG: usize = 18;

/// Whether a text holds a resident's identity number, also one of the first generation, or a credit code. Full-width
/// characters count as what they look like, and marks between groups as nothing.
///
/// A number of eighteen characters may stand inside a longer word: birth date and check digit keep chance finds rare.
/// A credit code has a check character alone and fifteen digits have nothing, so they count as whole words only.
pub fn holds_identifier(text: &str) -> bool {
    let plain: String = text.chars().map(narrow).collect();
    let whole: String = plain.chars().filter(char::is_ascii_alphanumeric).collect();
    let words = plain.split(|c: char| !c.is_ascii_alphanumeric());
    words.chain([whole.as_str()]).any(is_or_holds)
}

fn is_or_holds(word: &str) -> bool {
    let old = ResidentId::parse(word) == Err(ResidentIdError::FirstGeneration);
    let windows = word.as_bytes().windows(LONG);
    let mut windows = windows.filter_map(|window| std::str::from_utf8(window).ok());
    old || CreditCode::parse(word).is_ok() || windows.any(|window| ResidentId::parse(window).is_ok())
}

fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::CivilDate;

    #[test]
    fn an_identifier_is_found_however_it_is_written_and_names_are_none() {
        let birth = CivilDate::new(1987, 3, 12).expect("a day");
        let id = ResidentId::from_parts("530102", birth, 17).expect("a number");
        let id = id.reveal().to_owned();
        let code = CreditCode::from_first_seventeen("91530100MA6K0000X").expect("a code");
        let wide: String = id.chars().map(wide).collect();
        let grouped = format!("{} {}-{}", &id[..6], &id[6..14], &id[14..]);
        let written = [
            id.clone(),
            id.to_lowercase(),
            format!("no{id}号"),
            format!("x{id}7"),
            wide,
            grouped,
            code.to_string(),
            format!("企业_{code}"),
            "530102870312001".to_owned(),
        ];
        for text in written {
            assert!(holds_identifier(&text), "{text}");
        }
        let wrong = format!("{}{}", &id[..17], if id.ends_with('1') { '2' } else { '1' });
        for name in [
            "",
            "id",
            "身份证号",
            "530102",
            "2025_01_to_2025_12",
            "amount_201512_201612_201712",
            "v5301028703120011",
            &wrong,
        ] {
            assert!(!holds_identifier(name), "{name}");
        }
    }

    fn wide(c: char) -> char {
        char::from_u32(c as u32 + 0xfee0).unwrap_or(c)
    }
}
