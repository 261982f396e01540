//! A new holiday notice: dates counted with an older calendar are counted anew, by events.

use shuyu_domain::{
    Event,
    decide::recount,
    port::{CaseFilter, Loaded, Proposal, Request, Stream},
};
use shuyu_kernel::{CaseId, Digest, Refusal};

use crate::{App, Stop, account::parse};

/// Document that names the calendar the open clocks were last counted with.
const KIND: &str = "calendar";
/// Cases looked at in one go.
const PAGE: u64 = 500;

impl App {
    /// Counts the open clocks of all cases anew if the calendar has changed since it was last done; answers how
    /// many cases have a date that moved. The rules of a case stay those it was opened under.
    ///
    /// # Errors
    /// A fault of the record.
    pub async fn recount_clocks(&self) -> Result<u64, Stop> {
        let version = self.profile().calendar.version();
        let stored = self.record.document(KIND, "counted").await?;
        let known: Option<Digest> = stored.as_ref().map(parse).transpose()?;
        if known == Some(version) {
            return Ok(0);
        }
        let mut moved = 0;
        if known.is_some() {
            moved = self.recount_all().await?;
        }
        let next = stored.map_or(0, |document| document.version) + 1;
        self.put(KIND, "counted", "", &version, next).await?;
        Ok(moved)
    }

    async fn recount_all(&self) -> Result<u64, Stop> {
        let (mut moved, mut offset) = (0, 0);
        loop {
            let filter = CaseFilter {
                offset,
                limit: PAGE,
                ..CaseFilter::default()
            };
            let (rows, total) = self.record.cases(&filter).await?;
            for row in &rows {
                moved += u64::from(self.recount_case(row.id).await?);
            }
            offset += PAGE;
            if offset >= total {
                return Ok(moved);
            }
        }
    }

    async fn recount_case(&self, case: CaseId) -> Result<bool, Stop> {
        let (profile, at) = (self.profile(), self.now());
        let loaded = self.record.load(&[case].into()).await?;
        let today = profile.zone.date(at);
        let nothing = loaded
            .linked
            .get(&case)
            .is_none_or(|state| recount(state, &profile.calendar, today).is_empty());
        if nothing {
            return Ok(false);
        }
        let request = Request {
            name: "recount-clocks",
            stream: Stream::Case(case),
            key: None,
            fingerprint: profile.calendar.version(),
            expected_version: None,
            needs: Default::default(),
            seeks: Vec::new(),
            numbering: None,
            at,
        };
        let decide = Box::new(move |loaded: &Loaded| {
            let state = loaded
                .case
                .as_ref()
                .ok_or_else(|| Refusal::unknown("case_unknown"))?;
            let events = recount(state, &profile.calendar, today);
            Ok(Proposal {
                events: events.into_iter().map(Event::Case).collect(),
                ..Proposal::default()
            })
        });
        self.record.transact(request, decide).await?;
        Ok(true)
    }
}
