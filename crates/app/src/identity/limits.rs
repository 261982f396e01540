//! What looks like guessing, counted per subject, per pattern, per name and per customer.
//!
//! Counters are named by keyed digests, never by what was asked. Those of a day go when the day is over; the number of
//! differing answers about a subject stays for ever, until the subject lets itself be asked about again.

use shuyu_domain::port::Meter;
use shuyu_kernel::{BodyId, CivilDate, Digest, Refusal, RefusalKind};

use crate::{App, Stop};

/// Differing answers about one subject, over all customers and for ever (design of the data plane, amendment V1).
pub const DIFFERING_PER_SUBJECT: i64 = 3;
/// Different subjects of one region and birth date that a customer asks about on a day (amendment V1).
pub const SUBJECTS_PER_PATTERN: i64 = 20;
/// Different subjects that a customer asks about with the same attributes on a day (amendment V1).
pub const SUBJECTS_PER_NAME: i64 = 20;
/// From so many questions of a customer on a day its share of differing answers counts. Platform default: fewer say
/// nothing of a habit.
const SHARE_FROM: i64 = 20;
/// Most of them, in hundredths, that may differ. Platform default: who asks about its own clients is right nearly
/// always; who guesses is wrong nearly always.
const DIFFERING_SHARE: i64 = 50;

/// Where the counters of a day begin; the day follows.
pub(crate) const DAY_COUNTERS: &str = "identity_day/";

/// What is counted of one question. Everything in it is keyed.
pub(super) struct Watched {
    pub customer: BodyId,
    pub today: CivilDate,
    pub subject: Digest,
    pub pattern: Digest,
    pub attributes: Digest,
}

impl Watched {
    fn day(&self, what: &str) -> String {
        format!("{DAY_COUNTERS}{}/{}/{what}", self.today, self.customer)
    }

    pub fn differing(subject: Digest) -> String {
        format!("identity_differing/{subject}")
    }
}

/// Counts as they stood before the question.
struct Before {
    of_pattern: bool,
    of_name: bool,
    asked: i64,
    differed: i64,
}

impl App {
    /// The counters that a question with this answer moves, each with the refusal of one too many.
    ///
    /// # Errors
    /// `identity_mismatches` when too many answers of the day differed.
    pub(super) async fn watched(&self, watched: &Watched, same: bool) -> Result<Vec<Meter>, Stop> {
        let before = self.before(watched).await?;
        if before.asked >= SHARE_FROM && before.differed * 100 > before.asked * DIFFERING_SHARE {
            return Err(limited("identity_mismatches", DIFFERING_SHARE).into());
        }
        let one = |counter: String, at_most: Option<(i64, &str)>| Meter {
            counter,
            by: 1,
            at_most: at_most.map(|(most, code)| (most, limited(code, most))),
        };
        let mut meters = vec![one(watched.day("asked"), None)];
        // Somebody who asks about one subject twice asks about one subject.
        if before.of_pattern {
            let counter = watched.day(&format!("pattern/{}", watched.pattern));
            meters.push(one(watched.seen("pattern"), None));
            meters.push(one(counter, Some((SUBJECTS_PER_PATTERN, "identity_pattern"))));
        }
        if before.of_name {
            let counter = watched.day(&format!("name/{}", watched.attributes));
            meters.push(one(watched.seen_with_name(), None));
            meters.push(one(counter, Some((SUBJECTS_PER_NAME, "identity_name"))));
        }
        if !same {
            meters.push(one(watched.day("differed"), None));
        }
        // Asked in both cases, so that a locked subject is locked for whoever knows the right answer too.
        meters.push(Meter {
            counter: Watched::differing(watched.subject),
            by: i64::from(!same),
            at_most: Some((
                DIFFERING_PER_SUBJECT,
                limited("identity_locked", DIFFERING_PER_SUBJECT),
            )),
        });
        Ok(meters)
    }

    async fn before(&self, watched: &Watched) -> Result<Before, Stop> {
        let asked = self.record.count(&watched.day("asked"), 0).await?;
        let differed = self.record.count(&watched.day("differed"), 0).await?;
        let locked = self.record.count(&Watched::differing(watched.subject), 0).await?;
        if locked >= DIFFERING_PER_SUBJECT {
            return Err(limited("identity_locked", DIFFERING_PER_SUBJECT).into());
        }
        let seen = self.record.count(&watched.seen("pattern"), 0).await?;
        let with_name = self.record.count(&watched.seen_with_name(), 0).await?;
        Ok(Before {
            of_pattern: seen == 0,
            of_name: with_name == 0,
            asked,
            differed,
        })
    }
}

impl Watched {
    fn seen(&self, what: &str) -> String {
        self.day(&format!("seen/{what}/{}", self.subject))
    }

    fn seen_with_name(&self) -> String {
        self.day(&format!("seen/name/{}/{}", self.attributes, self.subject))
    }
}

fn limited(code: &str, limit: i64) -> Refusal {
    Refusal::new(RefusalKind::Limited, code).fact("limit", limit)
}
