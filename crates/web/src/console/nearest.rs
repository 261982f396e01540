//! Where the refused fragment of a query stands, and the query with the nearest lawful form in its place.

/// Byte range of the fragment: at its place if the text stands there, else its first occurrence as a word.
pub(super) fn locate(sql: &str, fragment: &str, place: Option<(usize, usize)>) -> Option<(usize, usize)> {
    if fragment.is_empty() {
        return None;
    }
    let placed = place.and_then(|(line, column)| {
        let start: usize = sql
            .split_inclusive('\n')
            .take(line.checked_sub(1)?)
            .map(str::len)
            .sum();
        let row = sql.get(start..)?;
        let at = start + row.char_indices().nth(column.checked_sub(1)?)?.0;
        Some((at, at + fragment.len()))
    });
    let matches = |(from, to): (usize, usize)| {
        sql.get(from..to)
            .is_some_and(|text| text.eq_ignore_ascii_case(fragment))
    };
    placed
        .filter(|range| matches(*range))
        .or_else(|| find_word(sql, fragment))
}

fn find_word(sql: &str, word: &str) -> Option<(usize, usize)> {
    let letter = |c: char| c.is_alphanumeric() || c == '_';
    let starts: Vec<usize> = sql.char_indices().map(|(at, _)| at).collect();
    starts
        .into_iter()
        .map(|at| (at, at + word.len()))
        .find(|(from, to)| {
            let same = sql
                .get(*from..*to)
                .is_some_and(|text| text.eq_ignore_ascii_case(word));
            let before = sql[..*from].chars().next_back().is_none_or(|c| !letter(c));
            same && before && sql[*to..].chars().next().is_none_or(|c| !letter(c))
        })
}

/// The text before, in and after the range.
pub(super) fn split(sql: &str, range: Option<(usize, usize)>) -> (String, String, String) {
    match range {
        Some((from, to)) => (
            sql[..from].to_owned(),
            sql[from..to].to_owned(),
            sql[to..].to_owned(),
        ),
        None => (sql.to_owned(), String::new(), String::new()),
    }
}

/// The query with the nearest form in place: a whole statement, else in place of the refused call, else of the
/// refused fragment.
pub(super) fn rewrite(
    sql: &str,
    found: Option<(usize, usize)>,
    function: &str,
    nearest: &str,
) -> Option<String> {
    let first = nearest.split_whitespace().next().unwrap_or_default();
    if first.eq_ignore_ascii_case("select") || first.eq_ignore_ascii_case("with") {
        return Some(nearest.to_owned());
    }
    let name = function.split('(').next().unwrap_or_default();
    let call = if name.is_empty() {
        None
    } else {
        find_word(sql, name).and_then(|range| call_of(sql, range))
    };
    let (from, to) = call.or(found)?;
    Some(format!("{}{nearest}{}", &sql[..from], &sql[to..]))
}

/// The range of a call: the name with its balanced parentheses.
fn call_of(sql: &str, (from, to): (usize, usize)) -> Option<(usize, usize)> {
    let mut depth = 0usize;
    for (at, letter) in sql[to..].char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some((from, to + at + 1));
                }
            }
            _ if depth == 0 && !letter.is_whitespace() => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{locate, rewrite};

    #[test]
    fn the_fragment_is_found_at_its_place_or_as_a_word() {
        let sql = "select region, name\nfrom t where name = 'x'";
        assert_eq!(locate(sql, "name", Some((2, 14))), Some((33, 37)));
        assert_eq!(locate(sql, "NAME", Some((9, 9))), Some((15, 19)));
        assert_eq!(locate("select username from t", "name", None), None);
        assert_eq!(locate(sql, "", Some((1, 1))), None);
        assert_eq!(
            locate("select \u{6743}, x from t", "x", Some((1, 11))),
            Some((12, 13))
        );
    }

    #[test]
    fn the_nearest_form_stands_in_place_of_what_was_refused() {
        let sql = "select region, median(income) from t group by region";
        let avg = rewrite(sql, None, "median", "avg(income)");
        assert_eq!(
            avg.as_deref(),
            Some("select region, avg(income) from t group by region")
        );
        let found = locate(sql, "income", None);
        let rounded = rewrite(sql, found, "", "floor(income / 100)");
        assert_eq!(
            rounded.as_deref(),
            Some("select region, median(floor(income / 100)) from t group by region")
        );
        assert_eq!(rewrite(sql, None, "", "select 1").as_deref(), Some("select 1"));
        assert_eq!(rewrite(sql, None, "", "avg(x)"), None);
    }
}
