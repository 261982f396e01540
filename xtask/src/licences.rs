//! Licences of all dependencies, for machines without cargo-deny.

use serde_json::Value;

use crate::finding::Finding;

/// Licences that may be in the binary or its build; the same list stands in `deny.toml`.
pub const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MPL-2.0",
    "MPL-2.0+",
    "Unicode-3.0",
    "Zlib",
];

/// Packages that carry a licence as a file and do not name it, with what the file is (read by us).
const IN_A_FILE: &[(&str, &str)] = &[("opendp", "MIT"), ("opendp_derive", "MIT")];

/// Packages whose licence is missing or not allowed, or that come from elsewhere than crates.io.
pub fn check(metadata: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let text = |key: &str| package[key].as_str().unwrap_or_default();
        let place = format!("{} {}", text("name"), text("version"));
        let of_file = IN_A_FILE.iter().find(|(name, _)| *name == text("name"));
        let of_file = of_file.filter(|_| package["license_file"].is_string());
        match package["license"]
            .as_str()
            .or(of_file.map(|(_, licence)| *licence))
        {
            None => findings.push(Finding::at(&place, "names no licence")),
            Some(licence) => match allowed(licence) {
                Some(true) => {}
                Some(false) => {
                    findings.push(Finding::at(
                        &place,
                        format!("its licence `{licence}` is not allowed"),
                    ));
                }
                None => {
                    findings.push(Finding::at(
                        &place,
                        format!("its licence `{licence}` cannot be read"),
                    ));
                }
            },
        }
        if let Some(source) = package["source"].as_str()
            && !source.contains("rust-lang/crates.io-index")
        {
            findings.push(Finding::at(&place, "does not come from crates.io"));
        }
    }
    findings
}

/// Whether an SPDX expression can be met with [`ALLOWED`]; `None` if it is no expression.
/// The old form `MIT/Apache-2.0` counts as OR.
pub fn allowed(expression: &str) -> Option<bool> {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader { words: &words };
    let answer = reader.any_of()?;
    reader.words.is_empty().then_some(answer)
}

/// Recursive descent over `any := all (OR all)*`, `all := one (AND one)*`, `one := ( any ) | name [WITH name]`.
struct Reader<'a> {
    words: &'a [&'a str],
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }

    fn takes(&mut self, word: &str) -> bool {
        let found = self.words.first() == Some(&word);
        if found {
            self.next();
        }
        found
    }

    fn any_of(&mut self) -> Option<bool> {
        let mut answer = self.all_of()?;
        while self.takes("OR") {
            answer |= self.all_of()?;
        }
        Some(answer)
    }

    fn all_of(&mut self) -> Option<bool> {
        let mut answer = self.one()?;
        while self.takes("AND") {
            answer &= self.one()?;
        }
        Some(answer)
    }

    fn one(&mut self) -> Option<bool> {
        if self.takes("(") {
            let answer = self.any_of()?;
            return self.takes(")").then_some(answer);
        }
        let name = self
            .next()
            .filter(|word| !matches!(*word, ")" | "OR" | "AND" | "WITH"))?;
        if self.takes("WITH") {
            let exception = self.next()?;
            return Some(ALLOWED.contains(&format!("{name} WITH {exception}").as_str()));
        }
        Some(ALLOWED.contains(&name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions() {
        let cases = [
            ("MIT", Some(true)),
            ("GPL-3.0-only", Some(false)),
            ("MIT OR GPL-3.0-only", Some(true)),
            ("MIT AND GPL-3.0-only", Some(false)),
            ("GPL-3.0-only OR MIT AND Zlib", Some(true)),
            ("(GPL-3.0-only OR MIT) AND AGPL-3.0", Some(false)),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", Some(true)),
            ("Apache-2.0 WITH LLVM-exception", Some(true)),
            ("MIT WITH Made-up-exception", Some(false)),
            ("Unlicense/MIT", Some(true)),
            ("Apache-2.0 / MIT", Some(true)),
            ("", None),
            ("MIT OR", None),
            ("(MIT", None),
            ("MIT)", None),
            ("MIT Apache-2.0", None),
            ("OR MIT", None),
        ];
        for (expression, expected) in cases {
            assert_eq!(allowed(expression), expected, "{expression}");
        }
    }

    #[test]
    fn the_list_is_that_of_cargo_deny() {
        let deny: toml::Table = toml::from_str(include_str!("../../deny.toml")).unwrap();
        let list = deny["licenses"]["allow"].as_array().unwrap();
        let list: Vec<&str> = list.iter().filter_map(toml::Value::as_str).collect();
        assert_eq!(list, ALLOWED);
    }

    #[test]
    fn packages() {
        let metadata = serde_json::json!({ "packages": [
            { "name": "ours", "version": "1", "license": "Apache-2.0", "source": null },
            { "name": "good", "version": "1", "license": "MIT", "source": "registry+x/rust-lang/crates.io-index" },
            { "name": "bad", "version": "1", "license": "SSPL-1.0", "source": null },
            { "name": "none", "version": "1", "license": null, "source": null },
            { "name": "elsewhere", "version": "1", "license": "MIT", "source": "git+x" },
        ] });
        let places: Vec<String> = check(&metadata)
            .into_iter()
            .map(|finding| finding.place)
            .collect();
        assert_eq!(places, ["bad 1", "none 1", "elsewhere 1"]);
    }
}
