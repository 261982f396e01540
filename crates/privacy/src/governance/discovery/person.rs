//! Chinese personal names: a list of surnames and of characters that given names are made of.

use super::{form::han, words};

/// Whether a text is written as a Chinese name: two to four Chinese characters, or two parts with a middle dot.
pub(super) fn looks_so(text: &str) -> bool {
    let length = text.chars().count();
    if let Some((first, last)) = text.split_once('·') {
        let part =
            |part: &str| (1..=8).contains(&part.chars().count()) && part.chars().all(|c| han(c) || c == '·');
        return part(first) && part(last);
    }
    (2..=4).contains(&length) && text.chars().all(han)
}

/// Whether it also begins with a surname and does not end as places and things do.
pub(super) fn is_name(text: &str) -> bool {
    if text.contains('·') {
        return looks_so(text);
    }
    let surname = surname(text);
    let ending = text
        .chars()
        .last()
        .is_some_and(|last| words::characters("endings").contains(last));
    looks_so(text) && surname > 0 && !ending && text.chars().count() - surname <= 2
}

/// How many of the characters after the surname given names are often made of, and how many there are.
pub(super) fn given(text: &str) -> (usize, usize) {
    let often = words::characters("given");
    let rest = text.chars().skip(surname(text));
    rest.fold((0, 0), |(usual, all), c| {
        (usual + usize::from(often.contains(c)), all + 1)
    })
}

/// Characters of the surname: two, one, or none if there is no surname at the beginning.
fn surname(text: &str) -> usize {
    let length = text.chars().count();
    if length >= 3
        && words::list("compound")
            .iter()
            .any(|surname| text.starts_with(surname))
    {
        return 2;
    }
    usize::from(
        text.chars()
            .next()
            .is_some_and(|first| words::characters("surnames").contains(first)),
    )
}
