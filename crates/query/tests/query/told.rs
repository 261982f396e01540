//! What every refusal tells: of all statements of the catalogues under several permits, and of each of them with every
//! alias renamed to a text that may be personal.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};

use datafusion::sql::sqlparser::{
    ast::{Query, Select, SelectItem, TableAlias, TableFactor, Visit, Visitor},
    dialect::GenericDialect,
    keywords::Keyword,
    parser::Parser,
    tokenizer::{Token, Tokenizer},
};
use shuyu_kernel::Refusal;
use shuyu_privacy::{Permit, PermitKind, PermitMode};
use shuyu_query::{CheckError, score::read};

use crate::{
    fixture::{CASES, WORLD, engine, permit},
    refusals::TABLE,
};

const FILES: [&str; 8] = [
    CASES,
    include_str!("sql-policy/arguments.jsonl"),
    include_str!("sql-policy/classes.jsonl"),
    include_str!("sql-policy/fusion.jsonl"),
    include_str!("sql-policy/membership.jsonl"),
    include_str!("sql-policy/rules.jsonl"),
    include_str!("sql-policy/seams.jsonl"),
    include_str!("sql-policy/unions.jsonl"),
];

/// Where rows are made by the analyst, so that columns are called as the analyst calls them.
const MADE: &[&str] = &[
    "SELECT n, avg(s) AS x FROM (SELECT id_no, count(*) AS n, stddev(cost) AS s FROM visit GROUP BY id_no) v GROUP BY n",
    "SELECT avg(sqrt(n)) AS x FROM (SELECT id_no, count(*) AS n FROM visit GROUP BY id_no) v",
    "SELECT max(n) AS x FROM (SELECT id_no, count(*) AS n FROM visit GROUP BY id_no) v",
    "SELECT count(*) AS c FROM (SELECT id_no, count(*) AS n FROM visit GROUP BY id_no) v WHERE n = 'x'",
    "SELECT u, n FROM (SELECT id_no AS u, count(*) AS n FROM visit GROUP BY id_no) v",
    "SELECT u, count(*) AS c FROM (SELECT id_no AS u, count(*) AS n FROM visit GROUP BY id_no) v GROUP BY u",
    "SELECT count(*) AS c FROM (SELECT id_no AS u, sum(cost) AS s FROM visit GROUP BY id_no) v WHERE s > 12345.678",
    "SELECT count(*) AS c FROM (SELECT id_no AS u, sum(cost) AS s FROM visit GROUP BY id_no) v WHERE s = u",
    "SELECT count(*) AS c FROM (SELECT DISTINCT id_no AS u, birth AS b FROM person) p WHERE b = DATE '1987-03-12'",
    "SELECT b, count(*) AS c FROM (SELECT DISTINCT id_no AS u, birth AS b FROM person) p GROUP BY b",
    "SELECT count(*) AS c FROM (SELECT DISTINCT id_no AS u, county AS k FROM person) p JOIN visit v ON p.k = v.dept",
    "SELECT count(*) AS c FROM person p WHERE p.id_no IN (SELECT x.k FROM (SELECT DISTINCT id_no AS u, county AS k FROM person) x)",
    "SELECT count(*) AS c FROM (SELECT id_no AS u, count(*) AS n FROM visit GROUP BY id_no) v WHERE v.n IN (SELECT id_no FROM person)",
    "SELECT count(*) AS c FROM person p WHERE EXISTS (SELECT 1 FROM (SELECT id_no AS u, count(*) AS n FROM visit GROUP BY id_no) v WHERE v.u = p.id_no AND v.n > p.income)",
    "SELECT count(*) AS c FROM (SELECT id_no AS u, income AS i FROM person) p JOIN (SELECT county AS k, avg(income) AS a FROM person GROUP BY county) r ON p.i = r.a",
    "SELECT count(*) AS c FROM person p JOIN (SELECT county AS k, sex AS s, avg(income) AS a FROM person GROUP BY county, sex) r ON p.county = r.k",
    "SELECT sum(r.a) AS c FROM person p JOIN (SELECT county AS k, avg(income) AS a FROM person GROUP BY county) r ON p.county = r.k",
    "SELECT r, count(*) AS c FROM (SELECT rank() OVER (PARTITION BY id_no ORDER BY cost) AS r FROM visit) v WHERE r = 'x' GROUP BY r",
    "SELECT count(*) AS c FROM person p LEFT JOIN (SELECT id_no AS u, dept AS d FROM visit) v ON v.u = p.id_no WHERE coalesce(v.d, 'x') <> 'y'",
    "SELECT v.d, count(*) AS c FROM person p LEFT JOIN (SELECT id_no AS u, dept AS d FROM visit) v ON v.u = p.id_no GROUP BY v.d",
    "SELECT avg(m) AS x FROM (SELECT e, max(i) AS m FROM (SELECT p.id_no AS u, p.employer_code AS e, p.income AS i FROM person p JOIN employer f ON p.employer_code = f.employer_code) q GROUP BY e, u) r",
    "SELECT count(*) AS c FROM (SELECT county AS k, county AS k FROM person) p",
    "SELECT k FROM (SELECT county AS k FROM region) a JOIN (SELECT county AS k FROM region) b ON a.k = b.k",
    "SELECT nothing_of_ours AS n FROM person p",
    "SELECT t.g, count(*) AS n FROM (SELECT id_no AS g, county AS k FROM person UNION ALL SELECT id_no, county FROM person) t GROUP BY t.g",
    "SELECT t.k, count(*) AS n FROM (SELECT id_no AS g, county AS k FROM person UNION ALL SELECT id_no, county FROM person) t GROUP BY t.k",
    "SELECT t.g, avg(t.x) AS a FROM (SELECT 'a' AS g, income AS x FROM person UNION ALL SELECT 'b', county FROM person) t GROUP BY t.g",
    "SELECT t.g, count(*) AS n FROM (SELECT 'a' AS g, id_no AS u FROM person UNION ALL SELECT 'b', id_no FROM person) t JOIN visit v ON v.id_no = t.u GROUP BY t.g",
    "SELECT count(*) AS n FROM person p WHERE p.id_no IN (SELECT id_no AS u FROM visit UNION ALL SELECT id_no FROM person)",
    "SELECT u, count(*) AS c FROM (SELECT rank() OVER (PARTITION BY t.id_no ORDER BY t.county) AS u FROM (SELECT id_no, county FROM person UNION ALL SELECT id_no, county FROM person) t) s GROUP BY u",
];

fn statements() -> Vec<String> {
    let cases = FILES.into_iter().flat_map(|file| read(file).unwrap());
    let cases = cases.flat_map(|case| case.sql.all().to_vec());
    let table = TABLE.iter().map(|(_, sql, _)| (*sql).to_owned());
    let made = MADE.iter().map(|sql| (*sql).to_owned());
    cases.chain(table).chain(made).collect()
}

/// The permit of the fixture and others, so that every reason for a refusal is met.
fn permits() -> Vec<Permit> {
    let usual = permit();
    let private = Permit {
        mode: PermitMode::Dp,
        ..usual.clone()
    };
    let unassessed = Permit {
        join_risk_assessed: false,
        ..usual.clone()
    };
    let alone = Permit {
        fusion: false,
        ..usual.clone()
    };
    let products = Permit {
        kind: PermitKind::B,
        ..usual.clone()
    };
    let verifying = Permit {
        mode: PermitMode::Verify,
        ..usual.clone()
    };
    let mut by_name = usual.clone();
    by_name.tables.get_mut("person").unwrap().rows = "id_no: 1*".parse().ok();
    vec![usual, private, unassessed, alone, products, verifying, by_name]
}

fn refusal(permit: &Permit, sql: &str) -> Option<Refusal> {
    match engine().check(permit, sql, WORLD.memory.as_ref()) {
        Ok(_) => None,
        Err(CheckError::Refused(refusal)) => Some(refusal),
        Err(CheckError::Failed(fault)) => panic!("{fault}"),
    }
}

/// A name and a number of somebody.
const PERSON: &str = "张三110101199003072316";

/// Names that a statement gives to columns, tables and subqueries.
#[derive(Default)]
struct Given(BTreeSet<String>);

impl Given {
    fn table(&mut self, alias: &TableAlias) {
        self.0.insert(alias.name.value.clone());
        self.0
            .extend(alias.columns.iter().map(|column| column.name.value.clone()));
    }
}

impl Visitor for Given {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let ctes = query.with.iter().flat_map(|with| &with.cte_tables);
        ctes.for_each(|cte| self.table(&cte.alias));
        ControlFlow::Continue(())
    }
    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        for item in &select.projection {
            if let SelectItem::ExprWithAlias { alias, .. } = item {
                self.0.insert(alias.value.clone());
            }
        }
        ControlFlow::Continue(())
    }
    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table {
            alias: Some(alias), ..
        }
        | TableFactor::Derived {
            alias: Some(alias), ..
        } = factor
        {
            self.table(alias);
        }
        ControlFlow::Continue(())
    }
}

/// The statement with every name that it gives renamed to that of a person, and how many those were.
fn personal(sql: &str) -> Option<(String, usize)> {
    let dialect = GenericDialect {};
    let parsed = Parser::parse_sql(&dialect, sql).ok()?;
    let mut given = Given::default();
    let _ = parsed.visit(&mut given);
    let known = |name: &str| {
        let mut tables = WORLD.memory.tables.iter();
        tables.any(|(table, rows)| table == name || rows.schema().field_with_name(name).is_ok())
    };
    let names: BTreeMap<String, String> = given
        .0
        .into_iter()
        .filter(|name| !known(name))
        .enumerate()
        .map(|(number, name)| (name, format!("\"{PERSON}_{number}\"")))
        .collect();
    let tokens = Tokenizer::new(&dialect, sql).tokenize().ok()?;
    let texts = tokens.into_iter().map(|token| match &token {
        Token::Word(word) if word.keyword == Keyword::NoKeyword => names
            .get(&word.value)
            .cloned()
            .unwrap_or_else(|| token.to_string()),
        _ => token.to_string(),
    });
    Some((texts.collect(), names.len()))
}

#[test]
fn names_that_an_analyst_gave_are_told_only_if_they_cannot_be_a_persons() {
    let mut tried = 0;
    for sql in statements() {
        let Some((renamed, names @ 1..)) = personal(&sql) else {
            continue;
        };
        for permit in permits() {
            let Some(refusal) = refusal(&permit, &renamed) else {
                continue;
            };
            tried += names;
            for (name, value) in &refusal.facts {
                let told = ["张三", "110101199003072316"]
                    .iter()
                    .any(|text| value.contains(text));
                assert!(!told, "{renamed}: {name} repeats {value}");
            }
            let missing = engine()
                .missing_grants(&permit, &renamed, WORLD.memory.as_ref())
                .unwrap();
            let told = format!("{missing:?}").contains(PERSON);
            assert!(!told, "{renamed}: {missing:?}");
        }
    }
    assert!(tried > 1000, "{tried}");
}

/// Codes about the text or the permit, or about what cannot be planned: no column of a relation stands behind them.
const OF_TEXT: [&str; 10] = [
    "name_taken",
    "permit_not_supported",
    "permit_products_only",
    "permit_verify_only",
    "query_not_parsed",
    "query_not_planned",
    "query_statement_not_allowed",
    "query_too_large",
    "table_not_granted",
    "column_ambiguous",
];

/// Forms of text: before it is planned nobody knows what a column in them is and what it is to be used for.
const FORMS: [&str; 5] = [
    "function",
    "lateral_or_sample",
    "recursive_query",
    "table_function",
    "table_option",
];

#[test]
fn every_refusal_says_why_where_for_which_use_and_what_instead() {
    let mut lacking: BTreeMap<(String, String, &str), String> = BTreeMap::new();
    let words = words();
    let mut codes = BTreeSet::new();
    for sql in statements() {
        for permit in permits() {
            let Some(refusal) = refusal(&permit, &sql) else {
                continue;
            };
            let code = refusal.code.clone();
            let fact = |name: &str| refusal.facts.get(name).map_or("", String::as_str);
            let mut lacks = |what| {
                let key = (code.clone(), fact("node").to_owned(), what);
                lacking
                    .entry(key)
                    .or_insert_with(|| format!("{sql}: {refusal:?}"));
            };
            let instruction = match fact("nearest_kind") {
                "instruction" => fact("nearest"),
                _ => "",
            };
            for (told, stem) in [
                (fact("node"), "node"),
                (instruction, "nearest"),
                (fact("use"), "use"),
            ] {
                let parts = told.split(|c: char| c == ',' || c.is_whitespace());
                for part in parts.filter(|part| !part.is_empty()) {
                    let key = format!("{stem}-{}", part.replace('_', "-"));
                    if words.iter().any(|known| !known.contains(&key)) {
                        lacks("words");
                    }
                }
            }
            if refusal.clauses.is_empty() {
                lacks("clauses");
            }
            if fact("nearest").is_empty() || fact("nearest_kind").is_empty() {
                lacks("nearest");
            }
            // Of what cannot be named nobody knows yet what it was to be used for.
            let of_names = code.starts_with("column_") && code != "column_compared_with_column";
            if of_names && fact("column").is_empty() {
                lacks("column");
            }
            let of_text = OF_TEXT.contains(&code.as_str()) || FORMS.contains(&fact("node"));
            if !of_text && !of_names {
                for what in ["node", "use"] {
                    if fact(what).is_empty() {
                        lacks(what);
                    }
                }
                if fact("column").is_empty() && fact("table").is_empty() {
                    lacks("column or table");
                }
            }
            codes.insert(code);
        }
    }
    let lacking: Vec<String> = lacking
        .iter()
        .map(|(key, sql)| format!("{key:?} {sql}"))
        .collect();
    assert!(lacking.is_empty(), "{}", lacking.join("\n"));
    let known: BTreeSet<String> = codes_of_the_check();
    let unseen: Vec<&String> = known.difference(&codes).collect();
    assert!(unseen.is_empty(), "{unseen:?}");
}

/// Keys of the messages of each language: what is told by a code has words in it.
fn words() -> Vec<BTreeSet<String>> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/locales");
    let languages = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let languages = languages.filter(|path| path.is_dir());
    let found: Vec<BTreeSet<String>> = languages
        .map(|language| {
            let files = std::fs::read_dir(language).unwrap();
            let texts = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
            let texts: Vec<String> = texts.collect();
            let lines = texts.iter().flat_map(|text| text.lines());
            let keys = lines.filter_map(|line| line.split_once(" = "));
            keys.map(|(key, _)| key.to_owned()).collect()
        })
        .collect();
    assert_eq!(found.len(), 2);
    found
}

/// Every code that stands in the source of the check.
fn codes_of_the_check() -> BTreeSet<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/check");
    let mut codes = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for made in [
            "Refusal::unmet(\"",
            "Refusal::conflict(\"",
            "RefusalKind::Limited, \"",
        ] {
            for (_, rest) in text
                .match_indices(made)
                .map(|(at, _)| text.split_at(at + made.len()))
            {
                codes.extend(rest.split('"').next().map(str::to_owned));
            }
        }
    }
    codes
}
