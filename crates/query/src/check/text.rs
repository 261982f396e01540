//! The SQL text: sizes, one single SELECT, names of tables and functions. Nothing is planned here.

use std::{collections::BTreeMap, ops::ControlFlow};

use datafusion::sql::{
    parser::{DFParserBuilder, Statement},
    sqlparser::{
        ast::{Query, Statement as SqlStatement, Visit},
        dialect::GenericDialect,
        tokenizer::Tokenizer,
    },
};
use shuyu_kernel::{Refusal, RefusalKind};
use shuyu_privacy::{Citations, Permit};

use super::survey::Survey;
use crate::refusal::{Explain, Place};

/// Longest SQL text, in bytes.
const MAX_BYTES: usize = 64 * 1024;
/// Most words and signs of a text, blanks included.
const MAX_TOKENS: usize = 20_000;
/// Deepest nesting of expressions. The engine below recurses over them.
pub(super) const MAX_DEPTH: usize = 64;
/// Deepest nesting if all SELECTs were written into each other, as the engine below may do.
pub(super) const MAX_DEPTH_OF_ALL: usize = 160;
/// Most tables named in one statement, each mention counted.
pub(super) const MAX_RELATIONS: usize = 16;
/// Most SELECTs in one statement.
pub(super) const MAX_SELECTS: usize = 16;
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
        Ok(Err(_)) | Err(_) => Err(not_parsed("")),
    }
}

/// A text that is too long, too deep or too wide.
pub(crate) fn too_large(what: &str, most: usize) -> Refusal {
    Refusal::new(RefusalKind::Limited, "query_too_large")
        .fact("what", what)
        .fact("most", most)
        .instruct("ask_in_parts")
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

/// A statement that is no single SELECT. Its clause is that of raw data staying (see `check`).
pub(super) fn statement_refused(statement: &str) -> Refusal {
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
    let refusal = Refusal::unmet("query_not_parsed").at(place, "");
    refusal.instruct("mend_text")
}
