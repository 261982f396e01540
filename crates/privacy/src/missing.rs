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
    /// What stands in the way even with all of these; `None` if they are enough.
    pub refusal: Option<Refusal>,
}

impl Missing {
    /// The query is legal as the permit is.
    pub fn is_nothing(&self) -> bool {
        self.grants.is_empty() && !self.join_risk && !self.fusion && self.refusal.is_none()
    }
}

/// The search: check the query under [`Search::permit`], tell what it was refused for, again and again.
#[derive(Debug)]
pub struct Search {
    permit: Permit,
    found: Missing,
}

impl Search {
    /// Begins with the permit as it is.
    pub fn new(permit: Permit) -> Self {
        Self {
            permit,
            found: Missing::default(),
        }
    }

    /// The permit with every grant found so far. It is for checking only and never stands behind an answer.
    pub fn permit(&self) -> &Permit {
        &self.permit
    }

    /// Learns from a refusal; whether it is worth checking again.
    pub fn learn(&mut self, refusal: Refusal) -> bool {
        let more = self.found.grants.len() < MOST && self.supposed(&refusal);
        if !more {
            self.found.refusal = Some(refusal);
        }
        more
    }

    /// What was found.
    pub fn end(self) -> Missing {
        self.found
    }

    /// Supposes what the refusal asks for; `false` if no grant heals it, or if it was supposed already.
    fn supposed(&mut self, refusal: &Refusal) -> bool {
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
            "use_missing" if fact("nearest") == "apply_for_use" => {
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
