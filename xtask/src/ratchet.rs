//! Known offences that may only shrink: `xtask/tidy-ratchet.txt`.
//!
//! One line each: rule, path, number. `cargo xtask generate` lowers numbers; only a person raises them.

use std::collections::BTreeMap;

use crate::finding::Finding;

/// Where the known offences stand.
pub const PATH: &str = "xtask/tidy-ratchet.txt";

/// How much of something a file may have.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its name in the ratchet file.
    pub name: &'static str,
    /// What is counted, for the message.
    pub unit: &'static str,
    /// Allowed without an entry.
    pub limit: usize,
    /// Allowed with an entry.
    pub hard_limit: usize,
}

/// Recorded numbers by rule and path.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ratchet {
    recorded: BTreeMap<(String, String), usize>,
}

impl Ratchet {
    /// Reads the file's text; a line that is not `rule path number` is an error naming it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut recorded = BTreeMap::new();
        for line in entries(text) {
            let parts: Vec<&str> = line.split_whitespace().collect();
            let [rule, path, number] = parts[..] else {
                return Err(format!("{PATH}: `{line}` is not `rule path number`"));
            };
            let number = number
                .parse()
                .map_err(|_| format!("{PATH}: `{number}` is not a number"))?;
            recorded.insert((rule.to_owned(), path.to_owned()), number);
        }
        Ok(Self { recorded })
    }

    /// Compares counts with the limit and with what is recorded.
    pub fn judge(&self, rule: Rule, counts: &BTreeMap<String, usize>) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (path, &count) in counts {
            let recorded = self.recorded.get(&(rule.name.to_owned(), path.clone())).copied();
            let allowed = recorded.unwrap_or(rule.limit).max(rule.limit);
            let unit = rule.unit;
            if count > rule.hard_limit {
                let hard = rule.hard_limit;
                findings.push(Finding::at(
                    path,
                    format!("{count} {unit}; never more than {hard}"),
                ));
            } else if count > allowed {
                findings.push(Finding::at(
                    path,
                    format!("{count} {unit}; at most {allowed} here"),
                ));
            }
        }
        let of_rule = self.recorded.iter().filter(|((name, _), _)| name == rule.name);
        for ((_, path), &number) in of_rule {
            let count = counts.get(path).copied().unwrap_or(0);
            if count < number {
                let what = format!(
                    "{} of `{path}` shrank from {number} to {count}: run `cargo xtask generate`",
                    rule.unit
                );
                findings.push(Finding::at(PATH, what));
            }
        }
        findings
    }

    /// The file's text with numbers lowered to the counts and entries within the limit removed.
    /// Comments stay; nothing is raised and nothing added.
    pub fn shrink(text: &str, rules: &[(Rule, BTreeMap<String, usize>)]) -> String {
        let mut lines = Vec::new();
        for line in text.lines() {
            let parts: Vec<&str> = line.split_whitespace().collect();
            let known = rules.iter().find(|(rule, _)| parts.first() == Some(&rule.name));
            let (Some((rule, counts)), [_, path, number]) = (known, &parts[..]) else {
                lines.push(line.to_owned());
                continue;
            };
            let count = counts.get(*path).copied().unwrap_or(0);
            let number = number.parse().map_or(count, |number: usize| number.min(count));
            if number > rule.limit {
                lines.push(format!("{} {path} {number}", rule.name));
            }
        }
        lines.push(String::new());
        lines.join("\n")
    }
}

fn entries(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule {
        name: "lines",
        unit: "lines",
        limit: 400,
        hard_limit: 800,
    };

    fn counts(of: &[(&str, usize)]) -> BTreeMap<String, usize> {
        of.iter()
            .map(|(path, count)| ((*path).to_owned(), *count))
            .collect()
    }

    #[test]
    fn numbers_may_only_shrink() {
        let cases = [
            // recorded, count, findings
            ("", 400, 0),
            ("", 401, 1),
            ("lines a.rs 500", 500, 0),
            ("lines a.rs 500", 501, 1),
            ("lines a.rs 500", 499, 1),
            ("lines a.rs 500", 300, 1),
            ("lines a.rs 900", 900, 1),
            ("other a.rs 500", 450, 1),
        ];
        for (recorded, count, expected) in cases {
            let ratchet = Ratchet::parse(recorded).unwrap();
            let findings = ratchet.judge(RULE, &counts(&[("a.rs", count)]));
            assert_eq!(findings.len(), expected, "{recorded:?} {count}: {findings:?}");
        }
    }

    #[test]
    fn an_entry_for_a_file_that_is_gone_is_stale() {
        let ratchet = Ratchet::parse("# why\n\nlines gone.rs 500\n").unwrap();
        assert_eq!(ratchet.judge(RULE, &counts(&[])).len(), 1);
    }

    #[test]
    fn a_line_that_cannot_be_read_is_an_error() {
        assert!(Ratchet::parse("lines a.rs").is_err());
        assert!(Ratchet::parse("lines a.rs many").is_err());
    }

    #[test]
    fn shrinking_lowers_and_removes_but_never_raises_or_adds() {
        let text = "# why\nlines a.rs 500\nlines b.rs 500\nlines c.rs 500\nother a.rs 9\n";
        let now = counts(&[("a.rs", 450), ("b.rs", 390), ("c.rs", 600), ("d.rs", 700)]);
        assert_eq!(
            Ratchet::shrink(text, &[(RULE, now)]),
            "# why\nlines a.rs 450\nlines c.rs 500\nother a.rs 9\n"
        );
    }
}
