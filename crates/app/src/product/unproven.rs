//! Calls that proved no key. Anybody on the network can send them; so each is noted only up to a rate, and beyond it
//! they are counted and refused alike.

use std::sync::{Mutex, PoisonError};

use shuyu_kernel::{Refusal, RefusalKind};

use crate::{App, Stop};

/// Calls without a proven key that are noted one by one within a minute of process time. Platform default.
pub const UNPROVEN_NOTED_A_MINUTE: u64 = 60;

/// How many there were in the present minute.
#[derive(Debug, Default)]
pub(crate) struct Unproven(Mutex<Minute>);

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Minute {
    number: i64,
    calls: u64,
}

impl Unproven {
    /// Counts a call: how many there were in this minute with it, and how many of an earlier minute were counted
    /// and not noted.
    fn count(&self, minute: i64) -> (u64, u64) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut left = 0;
        if now.number != minute {
            // One more than the limit was noted: the first that was refused for their number.
            left = now.calls.saturating_sub(UNPROVEN_NOTED_A_MINUTE + 1);
            *now = Minute {
                number: minute,
                calls: 0,
            };
        }
        now.calls += 1;
        (now.calls, left)
    }
}

impl App {
    /// Notes a call that proved no key (none, an unknown one, a wrong signature), and gives what it is answered
    /// with: the refusal, or `calls_unproven_too_many` beyond [`UNPROVEN_NOTED_A_MINUTE`]. Of these the first is
    /// noted when it happens and the number of the others with the next call of a later minute.
    ///
    /// # Errors
    /// A fault of the record; nothing may be answered then.
    pub async fn note_unproven_call(&self, subject: &str, stop: Stop) -> Result<Stop, Stop> {
        let minute = self.wall.now().micros() / 60_000_000;
        let (calls, left) = self.unproven.count(minute);
        let too_many = || {
            let refusal = Refusal::new(RefusalKind::Limited, "calls_unproven_too_many");
            Stop::from(refusal.fact("limit", UNPROVEN_NOTED_A_MINUTE))
        };
        let answered = if calls > UNPROVEN_NOTED_A_MINUTE {
            too_many()
        } else {
            stop
        };
        let mut notes = Vec::new();
        if left > 0 {
            notes.push(self.noting(None, "call", &format!("unproven/{left}"), Some(&too_many())));
        }
        if calls <= UNPROVEN_NOTED_A_MINUTE + 1 {
            notes.push(self.noting(None, "call", subject, Some(&answered)));
        }
        self.record.note(&notes).await?;
        Ok(answered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_minute_left_is_told_by_the_next() {
        let unproven = Unproven::default();
        for n in 1..=UNPROVEN_NOTED_A_MINUTE + 4 {
            assert_eq!(unproven.count(7), (n, 0));
        }
        assert_eq!(unproven.count(9), (1, 3));
        assert_eq!(unproven.count(9), (2, 0));
        assert_eq!(unproven.count(10), (1, 0));
    }
}
