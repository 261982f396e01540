//! Mechanical rewrites of a statement that mean the same: protection must not depend on how a question is put.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::{
    ast::{
        BinaryOperator, Expr, Ident, ObjectNamePart, Statement, TableAlias, TableFactor, VisitMut,
        VisitorMut, visit_expressions_mut,
    },
    dialect::GenericDialect,
    parser::Parser,
    tokenizer::{Token, Tokenizer},
};

use super::{cases::Refresh, fixture::Memory};

/// How a statement is put differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rewrite {
    /// Not at all.
    AsItIs,
    /// The whole statement becomes a common table expression.
    Wrapped,
    /// Every table becomes a subquery under another name.
    Nested,
    /// Operands of AND, OR, comparisons, sums and products change places.
    Commuted,
    /// Tables and columns have other names.
    Renamed,
}

impl Rewrite {
    /// All that change something.
    pub const ALL: [Self; 4] = [Self::Wrapped, Self::Nested, Self::Commuted, Self::Renamed];

    /// The statement put differently; `None` where it does not apply.
    pub fn apply(self, sql: &str, memory: &Memory) -> Option<String> {
        let dialect = GenericDialect {};
        match self {
            Self::AsItIs => Some(sql.to_owned()),
            Self::Renamed => rename(sql, memory),
            Self::Wrapped => {
                let statement = one(&dialect, sql)?;
                matches!(statement, Statement::Query(_))
                    .then(|| format!("WITH wrapped_0 AS ({sql}) SELECT * FROM wrapped_0"))
            }
            Self::Nested => {
                let mut statement = one(&dialect, sql)?;
                let _ = VisitMut::visit(&mut statement, &mut Nest(memory));
                Some(statement.to_string())
            }
            Self::Commuted => {
                let mut statement = one(&dialect, sql)?;
                let _: ControlFlow<()> = visit_expressions_mut(&mut statement, |expr| {
                    commute(expr);
                    ControlFlow::Continue(())
                });
                Some(statement.to_string())
            }
        }
    }
}

impl Rewrite {
    /// The refresh of a case in the names of the rewritten statements.
    pub(super) fn refresh(self, refresh: &Refresh, memory: &Memory) -> Refresh {
        match (self, rename(&refresh.drop_one, memory)) {
            (Self::Renamed, Some(drop_one)) => Refresh {
                table: renamed(&refresh.table),
                drop_one,
            },
            _ => refresh.clone(),
        }
    }
}

fn one(dialect: &GenericDialect, sql: &str) -> Option<Statement> {
    match Parser::parse_sql(dialect, sql).ok()?.as_mut_slice() {
        [Statement::Query(query)] => Some(Statement::Query(query.clone())),
        _ => None,
    }
}

fn commute(expr: &mut Expr) {
    use BinaryOperator::{And, Eq, Gt, GtEq, Lt, LtEq, Multiply, NotEq, Or, Plus};
    if let Expr::BinaryOp { left, op, right } = expr {
        let turned = match op {
            And | Or | Eq | NotEq | Plus | Multiply => op.clone(),
            Lt => Gt,
            Gt => Lt,
            LtEq => GtEq,
            GtEq => LtEq,
            _ => return,
        };
        *op = turned;
        std::mem::swap(left, right);
        // Printing puts no brackets of its own.
        for side in [left, right] {
            if matches!(side.as_ref(), Expr::BinaryOp { .. } | Expr::Between { .. }) {
                let inner = std::mem::replace(
                    side.as_mut(),
                    Expr::Value(datafusion::sql::sqlparser::ast::Value::Null.into()),
                );
                **side = Expr::Nested(Box::new(inner));
            }
        }
    }
}

struct Nest<'a>(&'a Memory);

impl VisitorMut for Nest<'_> {
    type Break = ();

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        let TableFactor::Table {
            name,
            alias,
            args: None,
            ..
        } = factor
        else {
            return ControlFlow::Continue(());
        };
        let [ObjectNamePart::Identifier(ident)] = name.0.as_slice() else {
            return ControlFlow::Continue(());
        };
        if !self.0.tables.contains_key(&ident.value) {
            return ControlFlow::Continue(());
        }
        let called = alias
            .as_ref()
            .map_or(ident.clone(), |alias: &TableAlias| alias.name.clone());
        if let Some(nested) = nested(ident, &called) {
            *factor = nested;
        }
        ControlFlow::Continue(())
    }
}

fn nested(table: &Ident, called: &Ident) -> Option<TableFactor> {
    let sql = format!("SELECT 1 FROM (SELECT inner_0.* FROM {table} AS inner_0) AS {called}");
    match one(&GenericDialect {}, &sql)? {
        Statement::Query(query) => {
            let select = query.body.as_select()?;
            Some(select.from.first()?.relation.clone())
        }
        _ => None,
    }
}

/// Another name for a table or a column.
pub(super) fn renamed(name: &str) -> String {
    format!("{name}_zz")
}

fn rename(sql: &str, memory: &Memory) -> Option<String> {
    let named = |word: &str| {
        let mut tables = memory.tables.iter();
        tables.any(|(table, rows)| table == word || rows.schema().field_with_name(word).is_ok())
    };
    let tokens = Tokenizer::new(&GenericDialect {}, sql).tokenize().ok()?;
    let texts = tokens.into_iter().map(|token| match token {
        Token::Word(word) if word.quote_style.is_none() && named(&word.value.to_lowercase()) => {
            renamed(&word.value.to_lowercase())
        }
        other => other.to_string(),
    });
    Some(texts.collect())
}
