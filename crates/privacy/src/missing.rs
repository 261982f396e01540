//! Which grants would make a query legal: every grant that a refusal names is supposed to be there, until the query
//! passes or is refused for what no grant heals (`explain permit`, data-plane (a)).
//!
//! The answer is a function of the text, the permit and the schemas, like the refusals it is made of.

use std::collections::{BTreeMap, BTreeSet};

use shuyu_kernel::{Refusal, Use};

use crate::permit::{Permit, TableKind};

/// Most grants that are looked for. A query that needs more is told those.
const MOST: usize = 64;

/// What a column would have to be granted in addition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MissingGrant {
    /// Uses that are not granted.
    pub uses: BTreeSet<Use>,
    /// Values finer than its grain.
    pub finer: bool,
}

/// What a query lacks under a permit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Missing {
    /// By table and column.
    pub grants: BTreeMap<(String, String), MissingGrant>,
    /// The assessment of the risk of joining.
    pub join_risk: bool,
    /// That own lists may be joined with personal rows.
    pub fusion: bool,
    /// What it is refused for under the permit as it is; `None` if it is legal.
    pub first: Option<Refusal>,
    /// What stands in the way even with all of these; `None` if they are enough.
    pub refusal: Option<Refusal>,
}

impl Missing {
    /// The query is legal as the permit is.
    pub fn is_nothing(&self) -> bool {
        self.first.is_none()
    }
}

/// Whether a refusal speaks of a grant, so that more grants could help.
pub fn heals(refusal: &Refusal) -> bool {
    let applied_for = refusal
        .facts
        .get("nearest")
        .is_some_and(|way| way == "apply_for_use");
    match refusal.code.as_str() {
        "column_sealed" | "fusion_not_granted" | "grain_finer" | "join_risk_not_assessed" => true,
        "use_missing" => applied_for,
        _ => false,
    }
}

/// Checks a query under the permit, supposes what it is refused for, and checks again, until no grant helps. `check`
/// says no with a refusal; the permits it is given never stand behind an answer.
///
/// # Errors
/// Whatever `check` fails with.
pub fn missing<E>(
    permit: &Permit,
    mut check: impl FnMut(&Permit) -> Result<Result<(), Refusal>, E>,
) -> Result<Missing, E> {
    let mut search = Search {
        permit: permit.clone(),
        found: Missing::default(),
    };
    while let Err(refusal) = check(&search.permit)? {
        search.found.first.get_or_insert_with(|| refusal.clone());
        if search.found.grants.len() >= MOST || !search.supposed(&refusal) {
            search.found.refusal = Some(refusal);
            break;
        }
    }
    Ok(search.found)
}

struct Search {
    permit: Permit,
    found: Missing,
}

impl Search {
    /// Supposes what the refusal asks for; `false` if no grant heals it, or if it was supposed already.
    fn supposed(&mut self, refusal: &Refusal) -> bool {
        if !heals(refusal) {
            return false;
        }
        let fact = |name: &str| refusal.facts.get(name).map_or("", String::as_str);
        if refusal.code == "join_risk_not_assessed" {
            self.found.join_risk = true;
            return !std::mem::replace(&mut self.permit.join_risk_assessed, true);
        }
        if refusal.code == "fusion_not_granted" {
            self.found.fusion = true;
            return !std::mem::replace(&mut self.permit.fusion, true);
        }
        let Some(grant) = self.permit.tables.get_mut(fact("table")) else {
            return false;
        };
        let name = (fact("table").to_owned(), fact("column").to_owned());
        match refusal.code.as_ref() {
            // Sealed is the empty set. With a use that no query makes, the column can be named, and the next refusal
            // says which use it needs.
            "column_sealed" => grant.columns.entry(name.1).or_default().uses.insert(Use::Python),
            "use_missing" => {
                let (Some(column), Ok(wanted)) = (grant.columns.get_mut(&name.1), fact("use").parse::<Use>())
                else {
                    return false;
                };
                // Rows of what is not public leave under no grant.
                if wanted == Use::Out && !matches!(grant.kind, TableKind::Public | TableKind::Own) {
                    return false;
                }
                let new = column.uses.insert(wanted);
                self.found.grants.entry(name).or_default().uses.insert(wanted);
                new
            }
            "grain_finer" => {
                let Some(column) = grant.columns.get_mut(&name.1) else {
                    return false;
                };
                let new = column.grain.take().is_some();
                self.found.grants.entry(name).or_default().finer = true;
                new
            }
            _ => false,
        }
    }
}
