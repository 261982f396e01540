//! Which crate may import which: ARCHITECTURE.md compared with what cargo sees.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::finding::Finding;

/// The page with the crate table.
pub const PAGE: &str = "ARCHITECTURE.md";

/// Outside crates that belong to few of ours. `deny.toml` bans the heaviest of them a second time,
/// also for crates that would bring them in from outside.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("sqlx", &["store"]),
    ("datafusion", &["query"]),
    ("axum", &["web", "gateway", "cli"]),
    ("clap", &["cli"]),
    ("anyhow", &["cli"]),
    ("deltalake-core", &["lake"]),
    ("object_store", &["lake"]),
    ("parquet", &["lake"]),
    ("arrow", &["privacy", "lake", "query", "cli"]),
    ("reqwest", &["cli"]),
    ("getrandom", &["cli"]),
    ("askama", &["web"]),
    ("calamine", &["office", "lake"]),
    ("rust_xlsxwriter", &["office", "cli"]),
    ("docx-rs", &["office"]),
    ("zip", &["lake", "office", "web"]),
    ("seccompiler", &["sandbox"]),
    ("libc", &["sandbox"]),
    ("png", &["sandbox"]),
    // Its samplers bring a generator of their own; tests of `privacy` compare with it, nothing is drawn by it.
    ("opendp", &[]),
];

/// Crates without I/O, clock, async and randomness of their own.
const PURE: &[&str] = &["kernel", "profile", "domain", "ledger", "privacy", "office"];

/// What would make a pure crate impure.
const NEVER_IN_PURE: &[&str] = &[
    "tokio",
    "tokio-util",
    "futures",
    "rand",
    "tempfile",
    "tracing",
    "tower",
    "rust-embed",
];

/// What a crate imports in its normal build.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Imports {
    /// Our own crates, without `shuyu-`.
    pub ours: BTreeSet<String>,
    /// Everybody else's.
    pub others: BTreeSet<String>,
}

/// Our crates by short name, from `cargo metadata --no-deps`.
pub fn imports(metadata: &Value) -> BTreeMap<String, Imports> {
    let mut crates = BTreeMap::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let mut imports = Imports::default();
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            if !dependency["kind"].is_null() {
                continue; // dev and build dependencies are free
            }
            let name = dependency["name"].as_str().unwrap_or_default();
            match name.strip_prefix("shuyu-") {
                Some(ours) => imports.ours.insert(ours.to_owned()),
                None => imports.others.insert(name.to_owned()),
            };
        }
        crates.insert(
            short(package["name"].as_str().unwrap_or_default()).to_owned(),
            imports,
        );
    }
    crates
}

/// The rows of the table `| crate | purpose | may import |`: crate and what it may import.
/// Rows marked *(planned)* come back in the second set.
pub fn table(page: &str) -> (BTreeMap<String, BTreeSet<String>>, BTreeSet<String>) {
    let mut rows = BTreeMap::new();
    let mut planned = BTreeSet::new();
    let mut inside = false;
    for line in page.lines() {
        let cells = cells(line);
        let [first, _, third] = &cells[..] else {
            inside = false;
            continue;
        };
        if first.eq_ignore_ascii_case("crate") {
            inside = third.eq_ignore_ascii_case("may import");
        } else if inside && !first.starts_with(['-', ':']) {
            let plan = line.contains("(planned)");
            for name in names(first) {
                if plan {
                    planned.insert(name);
                } else {
                    rows.insert(name, names(third).into_iter().collect());
                }
            }
        }
    }
    (rows, planned)
}

/// Compares the table with what cargo sees, and outside crates with [`ONLY_IN`] and [`PURE`].
pub fn check(page: &str, crates: &BTreeMap<String, Imports>) -> Vec<Finding> {
    let (rows, planned) = table(page);
    if rows.is_empty() {
        return vec![Finding::at(
            PAGE,
            "holds no table `| crate | purpose | may import |`",
        )];
    }
    let mut findings = Vec::new();
    for (name, allowed) in &rows {
        if !crates.contains_key(name) {
            findings.push(Finding::at(
                PAGE,
                format!("`{name}` is in the table and not in the workspace"),
            ));
        }
        for import in allowed.difference(&crates.keys().cloned().collect()) {
            if !planned.contains(import) {
                findings.push(Finding::at(
                    PAGE,
                    format!("`{name}` may import `{import}`: no such crate"),
                ));
            }
        }
    }
    for (name, imports) in crates {
        let Some(allowed) = rows.get(name) else {
            findings.push(Finding::at(
                PAGE,
                format!("`{name}` is in the workspace and not in the table"),
            ));
            continue;
        };
        for import in imports.ours.difference(allowed) {
            findings.push(Finding::at(
                manifest(name),
                format!("imports `{import}`, which {PAGE} does not allow"),
            ));
        }
    }
    findings.extend(check_others(crates));
    findings
}

fn check_others(crates: &BTreeMap<String, Imports>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, imports) in crates {
        for (outside, homes) in ONLY_IN {
            if imports.others.contains(*outside) && !homes.contains(&name.as_str()) {
                let what = format!("imports `{outside}`, which belongs only in: {}", homes.join(", "));
                findings.push(Finding::at(manifest(name), what));
            }
        }
        if PURE.contains(&name.as_str()) {
            for outside in NEVER_IN_PURE
                .iter()
                .filter(|outside| imports.others.contains(**outside))
            {
                findings.push(Finding::at(
                    manifest(name),
                    format!("imports `{outside}`; this crate stays pure"),
                ));
            }
        }
    }
    findings
}

/// Every crate must inherit the workspace's lints; `manifest` is the text of its Cargo.toml.
pub fn check_lints(path: &str, manifest: &str) -> Option<Finding> {
    let inherits = toml::from_str::<toml::Table>(manifest)
        .ok()
        .and_then(|table| table.get("lints")?.get("workspace")?.as_bool())
        .unwrap_or(false);
    (!inherits).then(|| Finding::at(path, "does not say `[lints] workspace = true`"))
}

fn short(package: &str) -> &str {
    package.strip_prefix("shuyu-").unwrap_or(package)
}

fn manifest(name: &str) -> String {
    if name == "xtask" {
        "xtask/Cargo.toml".to_owned()
    } else {
        format!("crates/{name}/Cargo.toml")
    }
}

fn cells(line: &str) -> Vec<String> {
    let line = line.trim();
    match line.strip_prefix('|').and_then(|rest| rest.strip_suffix('|')) {
        Some(inner) => inner.split('|').map(|cell| cell.trim().to_owned()).collect(),
        None => Vec::new(),
    }
}

/// Crate names in a cell: separated by commas, in backticks or not; remarks in (…) and *…* left out.
fn names(cell: &str) -> Vec<String> {
    let mut plain = String::new();
    let mut depth = 0_usize;
    for letter in cell.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '`' | '*' => {}
            _ if depth == 0 => plain.push(letter),
            _ => {}
        }
    }
    let parts = plain.split([',', '、']).map(|part| short(part.trim()).to_owned());
    parts
        .filter(|part| !matches!(part.as_str(), "" | "-" | "–" | "—" | "none" | "nothing"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE_TEXT: &str = "# House\n\n| crate | purpose | may import |\n|---|---|---|\n\
        | `kernel` | shared words | – |\n| `store` | one transaction | `kernel` |\n\
        | `sandbox` *(planned)* | jobs | kernel |\n| `cli` (binary) | all of it | kernel, store |\n\n\
        | crate | why | other table |\n|---|---|---|\n| x | y | z |\n";

    fn crates(of: &[(&str, &[&str])]) -> BTreeMap<String, Imports> {
        let dependency = |name: &&str| serde_json::json!({ "name": name, "kind": null });
        let packages: Vec<Value> = of
            .iter()
            .map(|(name, imports)| {
                let mut dependencies: Vec<Value> = imports.iter().map(dependency).collect();
                dependencies.push(serde_json::json!({ "name": "datafusion", "kind": "dev" }));
                serde_json::json!({ "name": name, "dependencies": dependencies })
            })
            .collect();
        imports(&serde_json::json!({ "packages": packages }))
    }

    #[test]
    fn the_table_is_read_and_others_are_not() {
        let (rows, planned) = table(PAGE_TEXT);
        assert_eq!(
            rows.keys().map(String::as_str).collect::<Vec<_>>(),
            ["cli", "kernel", "store"]
        );
        assert!(rows["kernel"].is_empty());
        assert_eq!(
            rows["cli"].iter().map(String::as_str).collect::<Vec<_>>(),
            ["kernel", "store"]
        );
        assert_eq!(planned.into_iter().collect::<Vec<_>>(), ["sandbox"]);
    }

    #[test]
    fn agreement_has_no_findings() {
        let house = crates(&[
            ("shuyu-kernel", &[]),
            ("shuyu-store", &["shuyu-kernel", "sqlx"]),
            ("shuyu-cli", &["shuyu-kernel", "clap"]),
        ]);
        assert_eq!(check(PAGE_TEXT, &house), []);
    }

    #[test]
    fn every_difference_is_found() {
        type Case<'a> = (&'a str, &'a [(&'a str, &'a [&'a str])], &'a str);
        let cases: &[Case] = &[
            (
                "unlisted import",
                &[
                    ("shuyu-kernel", &["shuyu-store"]),
                    ("shuyu-store", &[]),
                    ("shuyu-cli", &[]),
                ],
                "imports `store`, which ARCHITECTURE.md does not allow",
            ),
            (
                "unlisted crate",
                &[
                    ("shuyu-kernel", &[]),
                    ("shuyu-store", &[]),
                    ("shuyu-cli", &[]),
                    ("shuyu-new", &[]),
                ],
                "`new` is in the workspace and not in the table",
            ),
            (
                "row without a crate",
                &[("shuyu-kernel", &[]), ("shuyu-store", &[])],
                "`cli` is in the table and not in the workspace",
            ),
            (
                "outside crate in the wrong room",
                &[
                    ("shuyu-kernel", &[]),
                    ("shuyu-store", &["axum"]),
                    ("shuyu-cli", &[]),
                ],
                "imports `axum`, which belongs only in: web, gateway, cli",
            ),
            (
                "impure kernel",
                &[
                    ("shuyu-kernel", &["tokio"]),
                    ("shuyu-store", &[]),
                    ("shuyu-cli", &[]),
                ],
                "imports `tokio`; this crate stays pure",
            ),
        ];
        for (name, house, expected) in cases {
            let findings = check(PAGE_TEXT, &crates(house));
            assert!(
                findings.iter().any(|finding| finding.what == *expected),
                "{name}: {findings:?}"
            );
        }
        assert_eq!(check("no table", &crates(&[])).len(), 1);
    }

    #[test]
    fn a_planned_crate_may_be_named_but_a_misspelt_one_may_not() {
        let house = crates(&[("shuyu-kernel", &[])]);
        let page =
            "| crate | purpose | may import |\n| kernel | words | sandbox |\n| sandbox *(planned)* | x | |\n";
        assert_eq!(check(page, &house), []);
        assert_eq!(
            check(&page.replace("| sandbox |\n", "| sandbux |\n"), &house).len(),
            1
        );
    }

    #[test]
    fn lints_must_be_inherited() {
        assert_eq!(check_lints("a", "[lints]\nworkspace = true"), None);
        assert!(check_lints("a", "[package]\nname = \"a\"").is_some());
        assert!(check_lints("a", "[lints.rust]\nunsafe_code = \"deny\"").is_some());
    }
}
