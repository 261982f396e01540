//! The grammar of the search: a question about the target's town, and how it is put.

use super::towns::{ATTRIBUTES, Person};
use crate::dice::Dice;

/// What is asked of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    Nothing,
    /// The target's value.
    Same,
    /// Any other.
    Other,
}

/// What is asked of the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secret {
    Nothing,
    Yes,
    No,
}

/// How a question is put. All but the sums mean the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Where,
    Negated,
    Filter,
    Case,
    Mean,
    Exists,
    Apart,
    Among,
    Key,
    Sets,
    PerSubject,
    Having,
    Sum,
    SumOfCase,
}

impl Form {
    const ALL: [(u64, Form); 14] = [
        (8, Form::Where),
        (2, Form::Negated),
        (2, Form::Filter),
        (2, Form::Case),
        (2, Form::Mean),
        (2, Form::Exists),
        (2, Form::Apart),
        (2, Form::Among),
        (2, Form::Key),
        (2, Form::Sets),
        (2, Form::PerSubject),
        (1, Form::Having),
        (4, Form::Sum),
        (2, Form::SumOfCase),
    ];
}

/// A question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    pub of: [Asks; 5],
    pub secret: Secret,
    /// Everybody but the target, should its secret be this one. No conjunction of conditions says that, and the
    /// grammar of QuerySnout knows nothing else.
    pub unless: Option<bool>,
    pub form: Form,
}

fn letter(yes: bool) -> &'static str {
    if yes { "y" } else { "n" }
}

impl Question {
    /// Any; `tied` adds those that tie the secret to who the target is.
    pub fn any(dice: &mut Dice, tied: bool) -> Self {
        let mut of = [Asks::Nothing; 5];
        of.iter_mut().for_each(|of| *of = Self::asks(dice));
        Self {
            of,
            secret: dice.weighted(&[(2, Secret::Nothing), (5, Secret::Yes), (3, Secret::No)]),
            unless: (tied && dice.happens(40)).then(|| dice.happens(50)),
            form: dice.weighted(&Form::ALL),
        }
    }

    fn asks(dice: &mut Dice) -> Asks {
        dice.weighted(&[(6, Asks::Nothing), (3, Asks::Same), (3, Asks::Other)])
    }

    /// One step away.
    pub fn mutated(mut self, dice: &mut Dice, tied: bool) -> Self {
        match dice.below(if tied { 10 } else { 9 }) {
            0..5 => self.of[dice.below(5) as usize] = Self::asks(dice),
            5..7 => self.secret = Self::any(dice, tied).secret,
            7..9 => self.form = dice.weighted(&Form::ALL),
            _ => self.unless = Self::any(dice, tied).unless,
        }
        self
    }

    /// A condition about each attribute that is asked about; `of` names the table.
    fn conditions(&self, of: &str) -> Vec<String> {
        let asked = ATTRIBUTES.iter().zip(self.of);
        let mut all: Vec<String> = asked
            .filter_map(|(attribute, asks)| match asks {
                Asks::Nothing => None,
                Asks::Same => Some(format!("{of}.{attribute} = 't'")),
                Asks::Other => Some(format!("{of}.{attribute} <> 't'")),
            })
            .collect();
        all.extend(self.unless.map(|yes| {
            let target = ["d", "e", "f"].map(|attribute| format!("{of}.{attribute} = 't'"));
            format!("NOT ({} AND {of}.s = '{}')", target.join(" AND "), letter(yes))
        }));
        all
    }

    fn about_secret(&self, of: &str) -> Option<String> {
        match self.secret {
            Secret::Nothing => None,
            Secret::Yes => Some(format!("{of}.s = 'y'")),
            Secret::No => Some(format!("{of}.s <> 'y'")),
        }
    }

    /// The statement, and what the second column of the row of a town must be where there are several.
    pub fn sql(&self) -> (String, Option<&'static str>) {
        let conditions = self.conditions("t");
        let secret = self.about_secret("t");
        let mut all = conditions.clone();
        all.extend(secret.clone());
        let told = secret.clone().unwrap_or_else(|| "t.x >= 0".to_owned());
        let branch = if secret.is_some() { told } else { String::new() };
        let plain = |figure: &str, all: &[String]| {
            let of = if all.is_empty() {
                String::new()
            } else {
                format!(" WHERE {}", all.join(" AND "))
            };
            format!("SELECT t.town, {figure} AS v FROM t{of} GROUP BY t.town")
        };
        let with = |extra: String| {
            let mut with = conditions.clone();
            with.push(extra);
            plain("count(*)", &with)
        };
        let inner = self
            .about_secret("o")
            .map_or_else(String::new, |secret| format!(" AND {secret}"));
        let other = match self.secret {
            Secret::Yes => " AND o.s <> 'y'",
            _ => " AND o.s = 'y'",
        };
        let with_secret = self.secret != Secret::Nothing;
        let sql = match self.form {
            Form::Negated if !all.is_empty() => {
                let negated: Vec<String> = all.iter().map(|one| format!("NOT ({one})")).collect();
                plain("count(*)", &[format!("NOT ({})", negated.join(" OR "))])
            }
            Form::Filter if with_secret => plain(&format!("count(*) FILTER (WHERE {branch})"), &conditions),
            Form::Case if with_secret => {
                plain(&format!("sum(CASE WHEN {branch} THEN 1 ELSE 0 END)"), &conditions)
            }
            Form::Mean if with_secret => plain(
                &format!("avg(CASE WHEN {branch} THEN 1.0 ELSE 0.0 END)"),
                &conditions,
            ),
            Form::Exists => with(format!(
                "EXISTS (SELECT 1 FROM t o WHERE o.id_no = t.id_no{inner})"
            )),
            Form::Apart if with_secret => with(format!(
                "NOT EXISTS (SELECT 1 FROM t o WHERE o.id_no = t.id_no{other})"
            )),
            Form::Among if with_secret => {
                let secret = self.about_secret("o").unwrap_or_default();
                with(format!("t.id_no IN (SELECT o.id_no FROM t o WHERE {secret})"))
            }
            Form::Key if with_secret => {
                let sql = plain("t.s AS k, count(*)", &conditions);
                return (format!("{sql}, t.s"), Some(letter(self.secret == Secret::Yes)));
            }
            Form::Sets => return self.as_part_of_a_total(),
            Form::PerSubject => {
                let of = if all.is_empty() {
                    String::new()
                } else {
                    format!(" WHERE {}", all.join(" AND "))
                };
                let inner =
                    format!("SELECT t.id_no, t.town, count(*) AS n FROM t{of} GROUP BY t.id_no, t.town");
                format!("SELECT q.town, count(*) AS v FROM ({inner}) q GROUP BY q.town")
            }
            Form::Having => format!("{} HAVING count(*) >= 20", plain("count(*)", &all)),
            Form::Sum => plain("sum(t.x)", &all),
            Form::SumOfCase if with_secret => {
                plain(&format!("sum(CASE WHEN {branch} THEN t.x END)"), &conditions)
            }
            _ => plain("count(*)", &all),
        };
        (sql, None)
    }

    /// Beside the totals over an attribute.
    fn as_part_of_a_total(&self) -> (String, Option<&'static str>) {
        let rest = Self {
            of: [Asks::Nothing, self.of[1], self.of[2], self.of[3], self.of[4]],
            ..*self
        };
        let mut all = rest.conditions("t");
        all.extend(self.about_secret("t"));
        let of = if all.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", all.join(" AND "))
        };
        let sql = format!(
            "SELECT t.town, t.b AS k, count(*) AS v FROM t{of} GROUP BY GROUPING SETS ((t.town), (t.town, t.b))"
        );
        let row = match self.of[0] {
            Asks::Nothing => "NULL",
            Asks::Same => "t",
            Asks::Other => "o",
        };
        (sql, Some(row))
    }

    fn is_sum(&self) -> bool {
        match self.form {
            Form::Sum => true,
            Form::SumOfCase => self.secret != Secret::Nothing,
            _ => false,
        }
    }

    /// What the attacker knows of the answer: that to the question without the secret. An insider knows the secrets of
    /// all others, and so the answer but for the target.
    pub fn known(&self, people: &[Person], insider: bool) -> f64 {
        let has = |person: &Person| match self.secret {
            Secret::Nothing => true,
            Secret::Yes => person.secret,
            Secret::No => !person.secret,
        };
        let others = people
            .iter()
            .enumerate()
            .filter(|(place, person)| !insider || *place > 0 && has(person));
        let fits = others.map(|(_, person)| person).filter(|person| {
            self.of.iter().zip(person.same).all(|(asks, same)| match asks {
                Asks::Nothing => true,
                Asks::Same => same,
                Asks::Other => !same,
            })
        });
        fits.map(|person| if self.is_sum() { person.amount as f64 } else { 1.0 })
            .sum()
    }
}
