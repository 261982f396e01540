//! Every refusal code that the platform can answer with: from the Rust code and from the profiles.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use crate::finding::Finding;
use crate::rust_source::{Argument, Call, RustSource};
use crate::tree::Tree;

/// Constructors of `Refusal`.
const MAKERS: [&str; 6] = ["new", "forbidden", "conflict", "unmet", "unknown", "limited"];
/// Tables of a profile whose `code` is the code of a refusal.
const RULES_OF_A_PROFILE: [&str; 2] = ["guard", "eligibility"];

/// A code and one place that uses it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code {
    /// Stable, snake_case.
    pub code: String,
    /// File and line.
    pub place: String,
    /// Whether it is surely a refusal's. A code out of a `fn code` may also name something else.
    pub certain: bool,
}

/// All codes, each once; one that is not snake_case becomes a finding.
pub fn all(tree: &Tree, sources: &BTreeMap<&String, &RustSource>, findings: &mut Vec<Finding>) -> Vec<Code> {
    let mut codes = of_rust(sources);
    codes.extend(of_profiles(tree));
    // Certain ones first: they win over the same code out of a `fn code`.
    codes.sort_by(|one, other| {
        (!one.certain, &one.code, &one.place).cmp(&(!other.certain, &other.code, &other.place))
    });
    let mut seen = BTreeSet::new();
    codes.retain(|code| seen.insert(code.code.clone()));
    for code in codes.iter().filter(|code| !is_snake_case(&code.code)) {
        findings.push(Finding::at(
            &code.place,
            format!("the code `{}` is not snake_case", code.code),
        ));
    }
    codes
}

fn is_snake_case(code: &str) -> bool {
    !code.is_empty()
        && code
            .chars()
            .all(|letter| matches!(letter, 'a'..='z' | '0'..='9' | '_'))
}

fn of_rust(sources: &BTreeMap<&String, &RustSource>) -> Vec<Code> {
    let mut constants: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for source in sources.values() {
        for (name, value) in &source.constants {
            constants.entry(name).or_default().insert(value);
        }
    }
    let mut codes = Vec::new();
    for (path, source) in sources {
        let made: Vec<&Call> = source.calls.iter().filter(|call| makes_refusal(call)).collect();
        for call in &made {
            let named: Vec<&str> = match &call.argument {
                Argument::Literal(code) => vec![code],
                Argument::Constant(name) => match source.constants.get(name) {
                    Some(here) => vec![here],
                    None => constants
                        .get(name.as_str())
                        .into_iter()
                        .flatten()
                        .copied()
                        .collect(),
                },
                Argument::Computed => Vec::new(),
            };
            let place = format!("{path}:{}", call.line);
            codes.extend(named.into_iter().map(|code| Code {
                code: code.to_owned(),
                place: place.clone(),
                certain: true,
            }));
        }
        // `Refusal::unmet(error.code())`: the codes stand in a `fn code` of the same file.
        if made.iter().any(|call| call.argument == Argument::Computed) {
            codes.extend(source.codes.iter().map(|(line, code)| Code {
                code: code.clone(),
                place: format!("{path}:{line}"),
                certain: false,
            }));
        }
    }
    codes
}

fn makes_refusal(call: &Call) -> bool {
    !call.in_test && call.owner.as_deref() == Some("Refusal") && MAKERS.contains(&call.name.as_str())
}

fn of_profiles(tree: &Tree) -> Vec<Code> {
    let mut codes = Vec::new();
    for (path, text) in tree.under("profiles/", ".toml") {
        let mut found = BTreeSet::new();
        // A file that is no TOML is for the profile's own check to report.
        if let Ok(table) = toml::from_str::<Table>(text) {
            rule_codes(&Value::Table(table), false, &mut found);
        }
        for code in found {
            let quoted = format!("\"{code}\"");
            let line = text
                .lines()
                .position(|line| line.contains("code") && line.contains(&quoted));
            codes.push(Code {
                place: format!("{path}:{}", line.map_or(1, |at| at + 1)),
                code,
                certain: true,
            });
        }
    }
    codes
}

fn rule_codes(value: &Value, in_rule: bool, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| rule_codes(item, in_rule, found)),
        Value::Table(table) => {
            if let Some(code) = table.get("code").and_then(Value::as_str).filter(|_| in_rule) {
                found.insert(code.to_owned());
            }
            for (key, inner) in table {
                rule_codes(inner, RULES_OF_A_PROFILE.contains(&key.as_str()), found);
            }
        }
        _ => {}
    }
}
