//! What the check accepts never fails on a row, whatever the rows hold.
//!
//! Statements are made at random from the functions, operators, casts and constants of the language, lawful
//! or not, and run over a table of extreme values. An accepted one that ends without an answer is a hole:
//! under a CASE it would answer questions about single rows.

use crate::{
    extremes::extremes,
    fixture::{Outcome, engine},
};
use proptest::{
    prelude::any,
    strategy::{Strategy, ValueTree},
    test_runner::{Config, TestRunner},
};

/// Makes statements from a list of choices.
struct Maker<'a> {
    choices: std::slice::Iter<'a, u32>,
}

impl Maker<'_> {
    fn choose(&mut self, most: usize) -> usize {
        self.choices.next().map_or(0, |choice| *choice as usize % most)
    }

    fn one(&mut self, of: &[&str]) -> String {
        let index = self.choose(of.len());
        of[index].to_owned()
    }

    fn number_constant(&mut self) -> String {
        self.one(&[
            "3",
            "0",
            "1",
            "10",
            "-1",
            "9223372036854775807",
            "-9223372036854775808",
            "18446744073709551615",
            "1.5",
            "1e308",
            "CAST(1 AS DECIMAL(18,17))",
            "CAST(7 AS SMALLINT)",
            "CAST(1 AS BIGINT UNSIGNED)",
            "CAST('NaN' AS DOUBLE)",
            "NULL",
            "-(-9223372036854775808)",
        ])
    }

    fn number(&mut self, deep: usize) -> String {
        if deep == 0 {
            return match self.choose(3) {
                0 => self.number_constant(),
                _ => self.one(&["i", "y", "i", "n", "h", "c"]),
            };
        }
        let deep = deep - 1;
        match self.choose(12) {
            0 | 1 => {
                let op = self.one(&["+", "-", "*"]);
                format!("({} {op} {})", self.number(deep), self.number(deep))
            }
            2 | 3 => {
                let op = self.one(&["/", "%"]);
                format!("({} {op} {})", self.number(deep), self.number_constant())
            }
            4 => format!("(-{})", self.number(deep)),
            5 => {
                let (cast, to) = (self.one(&["CAST", "TRY_CAST"]), self.kind());
                format!("{cast}({} AS {to})", self.number(deep))
            }
            6 => format!("floor({} / 10)", self.number(0)),
            7 => {
                let name = self.one(&["floor", "ceil", "abs", "round"]);
                format!("{name}({})", self.number(deep))
            }
            8 => {
                let name = self.one(&["coalesce", "nullif"]);
                format!("{name}({}, {})", self.number(deep), self.number_constant())
            }
            9 => self.branch(Self::number, deep),
            10 => {
                let part = self.one(&["year", "month", "week", "doy", "quarter", "epoch"]);
                format!("date_part('{part}', {})", self.date(deep))
            }
            _ => format!("character_length({})", self.text(deep)),
        }
    }

    fn kind(&mut self) -> String {
        self.one(&[
            "BIGINT",
            "DOUBLE",
            "INT",
            "SMALLINT",
            "REAL",
            "DECIMAL(38,10)",
            "BIGINT UNSIGNED",
            "VARCHAR",
            "DATE",
            "TIMESTAMP",
            "BOOLEAN",
        ])
    }

    fn text(&mut self, deep: usize) -> String {
        if deep == 0 {
            return self.one(&["s", "g", "'a'", "''", "'%'", "NULL"]);
        }
        let deep = deep - 1;
        match self.choose(8) {
            0 => {
                let name = self.one(&["upper", "lower", "btrim", "ltrim", "rtrim"]);
                format!("{name}({})", self.text(deep))
            }
            1 => format!("concat({}, {})", self.text(deep), self.text(deep)),
            2 => format!("({} || {})", self.text(deep), self.text(deep)),
            3 => {
                let (name, length) = (
                    self.one(&["left", "right"]),
                    self.one(&["1", "0", "-1", "9223372036854775807"]),
                );
                format!("{name}({}, {length})", self.text(deep))
            }
            4 => {
                let (from, length) = (self.one(&["1", "0", "-5"]), self.one(&["2", "0", "-1"]));
                format!("substr({}, {from}, {length})", self.text(deep))
            }
            5 => self.branch(Self::text, deep),
            6 => {
                let value = match self.choose(3) {
                    0 => self.date(deep),
                    1 => self.truth(deep),
                    _ => self.number(deep),
                };
                format!("CAST({value} AS VARCHAR)")
            }
            _ => {
                let format = self.one(&["%Y-%m", "%Y", "%Q", "%"]);
                format!("to_char({}, '{format}')", self.date(deep))
            }
        }
    }

    fn date_constant(&mut self) -> String {
        self.one(&[
            "DATE '2024-01-01'",
            "'2024-01-01'",
            "DATE '9999-12-31'",
            "TIMESTAMP '2024-01-01 00:00:00'",
            "'9999-12-31'",
            "NULL",
        ])
    }

    fn date(&mut self, deep: usize) -> String {
        if deep == 0 {
            return match self.choose(4) {
                0 => self.date_constant(),
                _ => self.one(&["d", "m"]),
            };
        }
        let deep = deep - 1;
        match self.choose(7) {
            0 | 1 => {
                let part = self.one(&["month", "year", "quarter", "week", "day", "hour"]);
                format!("date_trunc('{part}', {})", self.date(deep))
            }
            2 => {
                let name = self.one(&["coalesce", "nullif"]);
                format!("{name}({}, {})", self.date(deep), self.date_constant())
            }
            3 => self.branch(Self::date, deep),
            4 => {
                let (cast, to) = (self.one(&["CAST", "TRY_CAST"]), self.one(&["DATE", "TIMESTAMP"]));
                format!("{cast}({} AS {to})", self.text(deep))
            }
            5 => format!("CAST({} AS TIMESTAMP)", self.date(deep)),
            _ => format!("({} + INTERVAL '1 month')", self.date(deep)),
        }
    }

    fn branch(&mut self, value: fn(&mut Self, usize) -> String, deep: usize) -> String {
        let when = self.truth(deep);
        format!(
            "CASE WHEN {when} THEN {} ELSE {} END",
            value(self, deep),
            value(self, deep)
        )
    }

    fn truth(&mut self, deep: usize) -> String {
        if deep == 0 {
            return self.one(&["b", "g = 'a'", "true", "i > 0", "NULL"]);
        }
        let deep = deep - 1;
        match self.choose(11) {
            0 => format!("({} AND {})", self.truth(deep), self.truth(deep)),
            1 => format!("({} OR {})", self.truth(deep), self.truth(deep)),
            2 => format!("(NOT {})", self.truth(deep)),
            3 | 4 => {
                let op = self.compares();
                format!("({} {op} {})", self.number(deep), self.number_constant())
            }
            5 => {
                let op = self.compares();
                format!("({} {op} {})", self.date(deep), self.date_constant())
            }
            6 => {
                let (op, value) = (self.compares(), self.text(0));
                format!("({} {op} {value})", self.text(deep))
            }
            7 => {
                let value = match self.choose(4) {
                    0 => self.number(deep),
                    1 => self.text(deep),
                    2 => self.date(deep),
                    _ => self.truth(deep),
                };
                let test = self.one(&["IS NULL", "IS NOT NULL"]);
                format!("({value} {test})")
            }
            8 => {
                let pattern = self.one(&["%", "a%", "_", "\\", "%\\", "a_b%"]);
                format!("({} LIKE '{pattern}')", self.text(deep))
            }
            9 => {
                let (low, high) = (self.number_constant(), self.number_constant());
                format!("({} BETWEEN {low} AND {high})", self.number(deep))
            }
            _ => {
                let (first, second) = (self.date_constant(), self.date_constant());
                format!("({} IN ({first}, {second}))", self.date(deep))
            }
        }
    }

    fn compares(&mut self) -> String {
        self.one(&["=", "<", ">=", "<>", "IS DISTINCT FROM"])
    }

    fn statement(&mut self) -> String {
        let deep = 1 + self.choose(3);
        match self.choose(6) {
            0 | 1 => format!("SELECT count(*) FROM t WHERE {}", self.truth(deep)),
            2 => {
                let key = match self.choose(4) {
                    0 => self.number(deep),
                    1 => self.text(deep),
                    2 => self.date(deep),
                    _ => self.truth(deep),
                };
                format!("SELECT {key} AS k, count(*) FROM t GROUP BY 1")
            }
            3 => {
                let name = self.one(&["sum", "avg"]);
                format!(
                    "SELECT {name}({}) FROM t WHERE {}",
                    self.number(deep - 1),
                    self.truth(deep)
                )
            }
            4 => format!("SELECT count(DISTINCT {}) FROM t", self.date(deep - 1)),
            _ => format!(
                "SELECT g, count({}) FROM t WHERE {} GROUP BY g",
                self.number(0),
                self.truth(deep)
            ),
        }
    }
}

#[test]
fn no_accepted_statement_fails() {
    let (small, engine) = (extremes(), engine());
    let choices = proptest::collection::vec(any::<u32>(), 96);
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRunner::deterministic().new_rng());
    let (mut accepted, mut failed) = (0, Vec::new());
    for _ in 0..600 {
        let choices = choices.new_tree(&mut runner).unwrap().current();
        let sql = Maker {
            choices: choices.iter(),
        }
        .statement();
        match small.outcome(&engine, &sql) {
            Outcome::Refused(refusal) => assert!(!refusal.clauses.is_empty(), "{sql}: {refusal:?}"),
            Outcome::Answered => accepted += 1,
            Outcome::Opaque => failed.push(sql),
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(accepted >= 60, "only {accepted} statements were accepted");
}
