//! A session: what an attacker asks one after the other, and what is answered.

use std::collections::BTreeMap;

use arrow::{
    array::{AsArray, RecordBatch},
    compute,
    datatypes::{DataType, Float64Type},
    util::display::{ArrayFormatter, FormatOptions},
};
use shuyu_privacy::{GateKey, Past, Permit, Rules};
use shuyu_query::{Engine, EngineLimits};

use super::{
    model::Seen,
    question::{Asks, Form, Question, Secret},
    towns::{Shape, Towns, name, permit, told_by_totals},
};
use crate::neighbours::ask;

/// Questions of a session.
pub const QUESTIONS: usize = 6;

/// What is asked, in this order.
pub type Session = Vec<Question>;

/// What holds while it is asked.
#[derive(Clone)]
pub struct Gate {
    pub rules: Rules,
    pub permit: Permit,
}

impl Gate {
    /// What a permit states when nobody states anything else, under some rules.
    pub fn under(rules: Rules) -> Self {
        Self {
            rules,
            permit: permit(),
        }
    }

    /// One subject is enough.
    pub fn of_one(rules: Rules) -> Self {
        let mut gate = Self::under(rules);
        gate.permit.thresholds.k.value = 1;
        gate.permit.thresholds.k_jitter.value = 0;
        gate
    }
}

/// Some towns and the installation that answers about them. Nobody who asks knows its key: every one has its own.
pub struct Place {
    towns: Towns,
    key: GateKey,
}

impl Place {
    pub fn new(shape: Shape, count: usize, seed: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_be_bytes());
        Self {
            towns: Towns::new(shape, count, seed),
            key: GateKey::new(key),
        }
    }

    /// How many secrets honest totals tell.
    pub fn told_by_totals(&self) -> u64 {
        let told = self.towns.all.iter().filter(|people| told_by_totals(people, 10));
        told.count() as u64
    }

    /// Asks a session about every town, with an empty release ledger at its beginning.
    pub async fn ask(&self, gate: &Gate, session: &Session, insider: bool) -> Vec<Seen> {
        let engine = Engine::new(self.key.clone(), EngineLimits::default()).under(gate.rules.clone());
        let mut past = Past {
            party: "snout".into(),
            books: BTreeMap::new(),
        };
        let mut answers = vec![Vec::new(); self.towns.all.len()];
        for question in session {
            let (sql, row) = question.sql();
            // A refusal depends on the text alone; it is an answer that is missing for everybody.
            let released = ask::ask(&engine, &gate.permit, &self.towns.memory, &sql, &mut past).await;
            let told = released.map_or_else(|_| BTreeMap::new(), |released| read(&released.batches, row));
            for (town, answers) in answers.iter_mut().enumerate() {
                answers.push(told.get(&name(town)).copied());
            }
        }
        let each = answers.into_iter().zip(&self.towns.all);
        each.map(|(answers, people)| {
            let known: Vec<f64> = session
                .iter()
                .map(|question| question.known(people, insider))
                .collect();
            Seen::new(&answers, &known, people[0].secret)
        })
        .collect()
    }
}

/// The number of each town: the last column, of the row whose second column is `row` if that is said.
fn read(batches: &[RecordBatch], row: Option<&str>) -> BTreeMap<String, f64> {
    let format = FormatOptions::default().with_null("NULL");
    let mut told = BTreeMap::new();
    for batch in batches {
        let text = |column: usize| ArrayFormatter::try_new(batch.column(column).as_ref(), &format).unwrap();
        let (towns, seconds) = (text(0), text(1));
        let last = compute::cast(batch.column(batch.num_columns() - 1), &DataType::Float64).unwrap();
        for (place, value) in last.as_primitive::<Float64Type>().iter().enumerate() {
            let fits = row.is_none_or(|row| seconds.value(place).to_string() == row);
            if let (true, Some(value)) = (fits, value) {
                told.insert(towns.value(place).to_string(), value);
            }
        }
    }
    told
}

/// What every attacker tries first.
pub fn classics(tied: bool) -> Vec<Session> {
    use Asks::{Nothing as Any, Other, Same};
    let plain = |of, secret| Question {
        of,
        secret,
        unless: None,
        form: Form::Where,
    };
    let group = [
        [Any; 5],
        [Same, Any, Any, Any, Any],
        [Any, Same, Any, Any, Any],
        [Same, Same, Any, Any, Any],
    ];
    let without = |mut of: [Asks; 5]| {
        of[2] = Other;
        of
    };
    let (yes, no, all) = (Secret::Yes, Secret::No, Secret::Nothing);
    // With and without the target.
    let difference = vec![plain(group[0], yes), plain(without(group[0]), yes)];
    // Those who have it among all, and those who have it not among all but the target: together they are as many as all,
    // or one fewer.
    let complement = |total: bool, groups: &[usize]| {
        let mut session = Vec::new();
        for number in groups {
            if total {
                session.push(plain(group[*number], all));
            }
            session.push(plain(group[*number], yes));
            session.push(plain(without(group[*number]), no));
        }
        session
    };
    // The same question in several forms: what breaks noise that follows the text.
    let forms = [
        Form::Where,
        Form::Negated,
        Form::Filter,
        Form::Case,
        Form::Exists,
        Form::Key,
    ];
    let repeated = forms.map(|form| Question {
        form,
        ..plain([Same, Same, Any, Any, Any], yes)
    });
    let sums = complement(false, &[0, 1, 3])
        .into_iter()
        .map(|question| Question {
            form: Form::Sum,
            ..question
        });
    let mut all = vec![
        difference,
        complement(true, &[0, 3]),
        complement(false, &[0, 1, 3]),
        complement(false, &[3]),
        repeated.to_vec(),
        sums.collect(),
    ];
    if tied {
        let unless = |of, yes| Question {
            unless: Some(yes),
            ..plain(of, Secret::Nothing)
        };
        all.push(group.map(|of| unless(of, true)).to_vec());
        all.push(vec![unless(group[0], true), unless(group[0], false)]);
    }
    all
}
