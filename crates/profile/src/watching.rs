//! Days for what is done about a clock that is nearly due or late. No regulation gives them: they are platform
//! defaults, which a jurisdiction answers in `settings.toml`.

use crate::{place::Place, settings::Setting};

/// Longest number of days that makes sense here: a quarter of a year.
const LONGEST: u32 = 66;

/// Days for reminders, urges and escalations, in working days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchTerms {
    /// `remind_before`: so many days before the last day the holder is reminded.
    pub remind: Vec<u32>,
    /// `urge_within`: so many days before the last day the holder may be urged (催办).
    pub urge_within: u32,
    /// `urge_answer`: so many days the holder has to answer.
    pub urge_answer: u32,
    /// `escalate_after`: so many days late, a matter goes to the superior body (督办).
    pub escalate_after: u32,
}

impl Default for WatchTerms {
    /// Platform defaults, for profiles whose base answers none of them: reminded three days and one day before,
    /// urged from three days before, answered within two days, escalated after five days.
    fn default() -> Self {
        Self {
            remind: vec![3, 1],
            urge_within: 3,
            urge_answer: 2,
            escalate_after: 5,
        }
    }
}

impl WatchTerms {
    /// The terms of a profile, and what is wrong with its answers.
    pub(crate) fn of(settings: &[Setting]) -> (Self, Vec<(Place, String)>) {
        let mut terms = Self::default();
        let mut wrong = Vec::new();
        for setting in settings {
            let days = days(&setting.value);
            let answer = match (setting.id.as_str(), days) {
                ("remind_before", Some(days)) => {
                    terms.remind = days;
                    continue;
                }
                ("urge_within", days) => (&mut terms.urge_within, days),
                ("urge_answer", days) => (&mut terms.urge_answer, days),
                ("escalate_after", days) => (&mut terms.escalate_after, days),
                ("remind_before", None) => {
                    wrong.push((setting.at.clone(), refused(&setting.id)));
                    continue;
                }
                _ => continue,
            };
            match answer.1.as_deref() {
                Some([only]) => *answer.0 = *only,
                _ => wrong.push((setting.at.clone(), refused(&setting.id))),
            }
        }
        (terms, wrong)
    }
}

fn refused(id: &str) -> String {
    format!("setting `{id}`: working days from 1 to {LONGEST}")
}

/// A number of days or a list of them; `None` for anything else.
fn days(value: &str) -> Option<Vec<u32>> {
    let list = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let numbers = list
        .unwrap_or(value)
        .split(',')
        .map(str::trim)
        .filter(|text| !text.is_empty());
    numbers
        .map(|text| text.parse().ok().filter(|n| (1..=LONGEST).contains(n)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::days;

    #[test]
    fn days_are_one_number_or_a_list() {
        assert_eq!(days("5"), Some(vec![5]));
        assert_eq!(days("[3, 1]"), Some(vec![3, 1]));
        assert_eq!(days("[]"), Some(vec![]));
        for wrong in ["0", "67", "[3, 0]", "\"3\"", "true"] {
            assert_eq!(days(wrong), None, "{wrong}");
        }
    }
}
