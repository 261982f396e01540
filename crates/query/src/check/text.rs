//! The SQL text: sizes, one single SELECT, names of tables and functions. Nothing is planned here.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};

use datafusion::sql::{
    parser::{DFParserBuilder, Statement},
    sqlparser::{
        ast::{
            Expr, Ident, ObjectName, ObjectNamePart, Query, Select, SelectItem, SetExpr,
            Statement as SqlStatement, TableAlias, TableFactor, Visit, Visitor,
        },
        dialect::GenericDialect,
        tokenizer::Tokenizer,
    },
};
use shuyu_kernel::Refusal;
use shuyu_privacy::Permit;

use crate::{
    citation::Citations,
    refusal::{Explain, Place},
    vocabulary,
};

/// Longest SQL text, in bytes.
const MAX_BYTES: usize = 64 * 1024;
/// Most words and signs of a text, blanks included.
const MAX_TOKENS: usize = 20_000;
/// Deepest nesting of expressions. The engine below recurses over them.
const MAX_DEPTH: usize = 64;
/// Deepest nesting if all SELECTs were written into each other, as the engine below may do.
const MAX_DEPTH_OF_ALL: usize = 160;
/// Most tables named in one statement, each mention counted.
const MAX_RELATIONS: usize = 16;
/// Most SELECTs in one statement.
const MAX_SELECTS: usize = 16;
/// Stack for reading a text whose nesting is not yet known. Touched only as far as it is needed.
const READING_STACK: usize = 256 * 1024 * 1024;

/// A text that is one SELECT over granted tables and known functions.
pub(crate) struct Asked {
    pub statement: Statement,
    /// A `*` stands somewhere in a SELECT list.
    pub wildcard: bool,
    /// Tables behind the names used for them in FROM.
    pub names: BTreeMap<String, String>,
    /// Where each column name stands first.
    pub places: BTreeMap<String, Place>,
}

/// Reads a text.
///
/// # Errors
/// `query_too_large`, `query_not_parsed`, `query_statement_not_allowed`, `table_not_granted`,
/// `name_taken`, `function_not_allowed`, `node_not_allowed`.
pub(crate) fn read(sql: &str, permit: &Permit, citations: &Citations) -> Result<Asked, Refusal> {
    if sql.len() > MAX_BYTES {
        return Err(too_large("bytes", MAX_BYTES));
    }
    let reading = std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().stack_size(READING_STACK);
        builder
            .spawn_scoped(scope, || read_here(sql, permit, citations))
            .map(|thread| thread.join())
    });
    match reading {
        Ok(Ok(answer)) => answer,
        // No thread to be had, or the parser gave up: either way the text was not read.
        Ok(Err(_)) | Err(_) => Err(Refusal::unmet("query_not_parsed")),
    }
}

/// A text that is too long, too deep or too wide.
pub(crate) fn too_large(what: &str, most: usize) -> Refusal {
    Refusal::new(shuyu_kernel::RefusalKind::Limited, "query_too_large")
        .fact("what", what)
        .fact("most", most)
}

fn read_here(sql: &str, permit: &Permit, citations: &Citations) -> Result<Asked, Refusal> {
    let dialect = GenericDialect {};
    let tokens = Tokenizer::new(&dialect, sql)
        .tokenize()
        .map_err(|e| not_parsed(&e.to_string()))?;
    if tokens.len() > MAX_TOKENS {
        return Err(too_large("tokens", MAX_TOKENS));
    }
    let mut statements = DFParserBuilder::new(sql)
        .with_dialect(&dialect)
        .build()
        .and_then(|mut parser| parser.parse_statements())
        .map_err(|e| refused_by_parser(sql, &e.to_string()))?;
    if statements.len() > 1 {
        return Err(statement_refused("several"));
    }
    let Some(statement) = statements.pop_front() else {
        return Err(statement_refused("none"));
    };
    let query = select_only(&statement, sql)?;
    let mut survey = Survey::new(permit, citations);
    if let ControlFlow::Break(refusal) = query.visit(&mut survey) {
        return Err(*refusal);
    }
    survey.tables_are_granted()?;
    let Survey {
        wildcard,
        names,
        places,
        ..
    } = survey;
    Ok(Asked {
        statement,
        wildcard,
        names,
        places,
    })
}

/// The query of a statement that is nothing but a query.
fn select_only<'a>(statement: &'a Statement, sql: &str) -> Result<&'a Query, Refusal> {
    match statement {
        Statement::Statement(inner) => match inner.as_ref() {
            SqlStatement::Query(query) => Ok(query),
            _ => Err(statement_refused(&first_word(sql))),
        },
        Statement::CreateExternalTable(_)
        | Statement::CopyTo(_)
        | Statement::Explain(_)
        | Statement::Reset(_) => Err(statement_refused(&first_word(sql))),
    }
}

fn first_word(sql: &str) -> String {
    let word: String = sql
        .trim_start()
        .chars()
        .take_while(char::is_ascii_alphabetic)
        .take(16)
        .collect();
    word.to_ascii_uppercase()
}

fn statement_refused(statement: &str) -> Refusal {
    Refusal::unmet("query_statement_not_allowed")
        .fact("statement", statement)
        .instruct("one_select")
}

/// A text that does not parse because it is no SELECT at all is told so.
fn refused_by_parser(sql: &str, message: &str) -> Refusal {
    if message.contains("recursion limit") {
        return too_large("depth", MAX_DEPTH);
    }
    let word = first_word(sql);
    let never = [
        "COPY", "CREATE", "DELETE", "DESCRIBE", "DROP", "EXPLAIN", "INSERT", "PREPARE", "SET", "SHOW",
        "UPDATE",
    ];
    if never.contains(&word.as_str()) {
        statement_refused(&word)
    } else {
        not_parsed(message)
    }
}

fn not_parsed(message: &str) -> Refusal {
    let after = |mark: &str| {
        let (_, rest) = message.rsplit_once(mark)?;
        rest.chars()
            .take_while(char::is_ascii_digit)
            .collect::<String>()
            .parse()
            .ok()
    };
    let place = after("Line: ")
        .zip(after("Column: "))
        .map(|(line, column)| Place { line, column });
    Refusal::unmet("query_not_parsed").at(place, "")
}

/// What the statement names.
struct Survey<'a> {
    permit: &'a Permit,
    citations: &'a Citations,
    functions: BTreeSet<String>,
    depth: usize,
    /// Depth outside of each open SELECT, and the greatest depth inside.
    open: Vec<(usize, usize)>,
    depth_of_all: usize,
    relations: Vec<(String, Option<Place>)>,
    selects: usize,
    wildcard: bool,
    ctes: BTreeSet<String>,
    names: BTreeMap<String, String>,
    places: BTreeMap<String, Place>,
}

type Step = ControlFlow<Box<Refusal>>;

impl<'a> Survey<'a> {
    fn new(permit: &'a Permit, citations: &'a Citations) -> Self {
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

    fn tables_are_granted(&self) -> Result<(), Refusal> {
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
            .fact("table", name)
            .at(place, name)
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
                .fact("node", node)
                .instruct("plain_tables"),
        )
    }

    fn function(&self, name: &ObjectName) -> Step {
        let known = match name.0.as_slice() {
            [ObjectNamePart::Identifier(ident)] => self.functions.contains(&normal(ident)),
            _ => false,
        };
        if known {
            return ControlFlow::Continue(());
        }
        let text = plain(name);
        stop(function_refused(&text, place_of(name)).under(&self.citations.raw_stays))
    }
}

/// A function that does not exist here.
pub(crate) fn function_refused(name: &str, place: Option<Place>) -> Refusal {
    Refusal::unmet("function_not_allowed")
        .fact("function", name)
        .at(place, name)
        .instruct("use_listed_function")
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
                            .at(Some(place), &name),
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
            } => stop(function_refused(&plain(name), place_of(name)).under(&self.citations.raw_stays)),
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
            Expr::Function(function) => return self.function(&function.name),
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
