//! What a statement names: tables, functions, columns; how deep and how wide it is.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};

use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectName, ObjectNamePart,
    Query, Select, SelectItem, SetExpr, TableAlias, TableFactor, Visitor,
};
use shuyu_kernel::Refusal;
use shuyu_privacy::{Citations, Permit};

use super::text::{MAX_DEPTH, MAX_DEPTH_OF_ALL, MAX_RELATIONS, MAX_SELECTS, statement_refused, too_large};
use crate::{
    refusal::{Explain, Place, echoed},
    vocabulary,
};

/// What the statement names.
pub(super) struct Survey<'a> {
    permit: &'a Permit,
    citations: &'a Citations,
    functions: BTreeSet<String>,
    depth: usize,
    /// Depth outside of each open SELECT, and the greatest depth inside.
    open: Vec<(usize, usize)>,
    depth_of_all: usize,
    relations: Vec<(String, Option<Place>)>,
    selects: usize,
    pub wildcard: bool,
    ctes: BTreeSet<String>,
    pub names: BTreeMap<String, String>,
    pub places: BTreeMap<String, Place>,
}

type Step = ControlFlow<Box<Refusal>>;

impl<'a> Survey<'a> {
    pub fn new(permit: &'a Permit, citations: &'a Citations) -> Self {
        let lists = [
            vocabulary::scalar_names(),
            vocabulary::aggregate_names(),
            vocabulary::window_names(),
        ];
        Self {
            permit,
            citations,
            functions: lists.into_iter().flatten().collect(),
            depth: 0,
            open: Vec::new(),
            depth_of_all: 0,
            relations: Vec::new(),
            selects: 0,
            wildcard: false,
            ctes: BTreeSet::new(),
            names: BTreeMap::new(),
            places: BTreeMap::new(),
        }
    }

    pub fn tables_are_granted(&self) -> Result<(), Refusal> {
        for (name, place) in &self.relations {
            if !self.permit.tables.contains_key(name) && !self.ctes.contains(name) {
                return Err(self.not_granted(name, *place));
            }
        }
        Ok(())
    }

    fn not_granted(&self, name: &str, place: Option<Place>) -> Refusal {
        Refusal::unmet("table_not_granted")
            .under(&self.citations.scope)
            .fact("table", echoed(name))
            .at(place, echoed(name))
            .instruct("apply_for_table")
    }

    fn relation(&mut self, name: &ObjectName, alias: Option<&TableAlias>) -> Step {
        let [ObjectNamePart::Identifier(ident)] = name.0.as_slice() else {
            return stop(self.not_granted(&plain(name), place_of(name)));
        };
        let table = normal(ident);
        let called = alias.map_or_else(|| table.clone(), |alias| normal(&alias.name));
        self.names.insert(called, table.clone());
        self.relations.push((table, place_of(name)));
        if self.relations.len() > MAX_RELATIONS {
            return stop(too_large("tables", MAX_RELATIONS));
        }
        ControlFlow::Continue(())
    }

    fn node(&self, node: &str) -> Step {
        stop(
            Refusal::unmet("node_not_allowed")
                .under(&self.citations.raw_stays)
                .fact("node", node)
                .instruct("plain_tables"),
        )
    }

    fn function(&self, function: &Function) -> Step {
        let name = &function.name;
        let known = match name.0.as_slice() {
            [ObjectNamePart::Identifier(ident)] => self.functions.contains(&normal(ident)),
            _ => false,
        };
        if known {
            return ControlFlow::Continue(());
        }
        let refusal = function_refused(&plain(name), place_of(name))
            .under(&self.citations.raw_stays)
            .fact("node", "function");
        stop(match first_argument(function) {
            Some(column) => refusal.fact("column", echoed(&column)),
            None => refusal,
        })
    }
}

/// A function that does not exist here.
pub(crate) fn function_refused(name: &str, place: Option<Place>) -> Refusal {
    // Operators are ours, names may be anything.
    let name = if name.chars().any(char::is_alphanumeric) {
        echoed(name)
    } else {
        name
    };
    Refusal::unmet("function_not_allowed")
        .fact("function", name)
        .at(place, name)
        .instruct("use_listed_function")
}

/// The column that a call names first, if its first argument is one.
fn first_argument(function: &Function) -> Option<String> {
    let FunctionArguments::List(list) = &function.args else {
        return None;
    };
    match list.args.first()? {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Identifier(ident))) => Some(normal(ident)),
        FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::CompoundIdentifier(idents))) => {
            idents.last().map(normal)
        }
        _ => None,
    }
}

fn stop(refusal: Refusal) -> Step {
    ControlFlow::Break(Box::new(refusal))
}

fn normal(ident: &Ident) -> String {
    if ident.quote_style.is_some() {
        ident.value.clone()
    } else {
        ident.value.to_lowercase()
    }
}

fn plain(name: &ObjectName) -> String {
    let parts = name.0.iter().filter_map(|part| match part {
        ObjectNamePart::Identifier(ident) => Some(normal(ident)),
        ObjectNamePart::Function(_) => None,
    });
    parts.collect::<Vec<_>>().join(".").chars().take(80).collect()
}

fn place_of(name: &ObjectName) -> Option<Place> {
    name.0.iter().find_map(|part| match part {
        ObjectNamePart::Identifier(ident) if ident.span.start.line > 0 => Some(Place {
            line: ident.span.start.line,
            column: ident.span.start.column,
        }),
        ObjectNamePart::Identifier(_) | ObjectNamePart::Function(_) => None,
    })
}

impl Visitor for Survey<'_> {
    type Break = Box<Refusal>;

    fn pre_visit_query(&mut self, query: &Query) -> Step {
        self.depth += 1;
        if let Some(with) = &query.with {
            if with.recursive {
                return self.node("recursive_query");
            }
            for cte in &with.cte_tables {
                let name = normal(&cte.alias.name);
                if self.permit.tables.contains_key(&name) {
                    let place = Place {
                        line: cte.alias.name.span.start.line,
                        column: cte.alias.name.span.start.column,
                    };
                    return stop(
                        Refusal::unmet("name_taken")
                            .fact("table", &name)
                            .at(Some(place), &name)
                            .instruct("use_other_name"),
                    );
                }
                self.ctes.insert(name);
            }
        }
        if matches!(
            query.body.as_ref(),
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_)
        ) {
            return stop(statement_refused("WITH"));
        }
        ControlFlow::Continue(())
    }
    fn post_visit_query(&mut self, _query: &Query) -> Step {
        self.depth -= 1;
        ControlFlow::Continue(())
    }
    fn pre_visit_select(&mut self, select: &Select) -> Step {
        self.selects += 1;
        if self.selects > MAX_SELECTS {
            return stop(too_large("selects", MAX_SELECTS));
        }
        if select.into.is_some() {
            return stop(statement_refused("SELECT INTO"));
        }
        self.open.push((self.depth, self.depth));
        self.wildcard |= select
            .projection
            .iter()
            .any(|item| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..)));
        ControlFlow::Continue(())
    }
    fn post_visit_select(&mut self, _select: &Select) -> Step {
        let (outside, inside) = self.open.pop().unwrap_or_default();
        self.depth_of_all += inside - outside;
        if self.depth_of_all > MAX_DEPTH_OF_ALL {
            return stop(too_large("depth", MAX_DEPTH_OF_ALL));
        }
        ControlFlow::Continue(())
    }
    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> Step {
        match factor {
            TableFactor::Table {
                name, args: Some(_), ..
            } => {
                let refusal = function_refused(&plain(name), place_of(name));
                stop(
                    refusal
                        .under(&self.citations.raw_stays)
                        .fact("node", "table_function"),
                )
            }
            TableFactor::Table {
                name,
                alias,
                args: None,
                with_hints,
                version,
                with_ordinality,
                partitions,
                json_path,
                sample,
                index_hints,
            } => {
                let plain_table = with_hints.is_empty()
                    && version.is_none()
                    && !with_ordinality
                    && partitions.is_empty()
                    && json_path.is_none()
                    && sample.is_none()
                    && index_hints.is_empty();
                if plain_table {
                    self.relation(name, alias.as_ref())
                } else {
                    self.node("table_option")
                }
            }
            TableFactor::Derived {
                lateral: false,
                sample: None,
                ..
            }
            | TableFactor::NestedJoin { .. } => ControlFlow::Continue(()),
            TableFactor::Derived { .. } => self.node("lateral_or_sample"),
            _ => self.node("table_function"),
        }
    }
    fn pre_visit_expr(&mut self, expr: &Expr) -> Step {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return stop(too_large("depth", MAX_DEPTH));
        }
        if let Some((_, inside)) = self.open.last_mut() {
            *inside = (*inside).max(self.depth);
        }
        let named = match expr {
            Expr::Function(function) => return self.function(function),
            Expr::Identifier(ident) => Some(ident),
            Expr::CompoundIdentifier(idents) => idents.last(),
            _ => None,
        };
        if let Some(ident) = named {
            let start = ident.span.start;
            self.places.entry(normal(ident)).or_insert(Place {
                line: start.line,
                column: start.column,
            });
        }
        ControlFlow::Continue(())
    }
    fn post_visit_expr(&mut self, _expr: &Expr) -> Step {
        self.depth -= 1;
        ControlFlow::Continue(())
    }
}
