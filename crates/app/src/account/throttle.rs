//! How often somebody may guess: counted by atomic statements before a password is looked at, so that guesses sent
//! side by side are as many as guesses sent one after another.

use std::net::IpAddr;

use shuyu_kernel::{Refusal, RefusalKind, Timestamp};

use super::{Account, TRIES, parse};
use crate::{App, Stop};

/// After so many failures in a row a name is locked.
pub const FAILURES_BEFORE_LOCK: i64 = 5;
/// For so long (15 minutes).
pub const LOCK_SECONDS: i64 = 15 * 60;
/// So many failures an address has in a quarter of an hour (platform default: an office behind one address).
pub const ADDRESS_FAILURES: i64 = 60;
/// Counters of sign-ins are named `sign_in/<day>/…`; those of earlier days are removed.
pub(crate) const COUNTERS: &str = "sign_in/";

/// Where a sign-in comes from, if the edge knows.
pub type Source = Option<IpAddr>;

/// A try that was counted for its address.
pub(crate) struct Knock(Option<String>);

impl App {
    /// Counts a try from an address.
    pub(super) async fn knock(&self, source: Source, now: Timestamp) -> Result<Knock, Stop> {
        let Some(address) = source else {
            return Ok(Knock(None));
        };
        let slot = now.micros().div_euclid(1_000_000 * LOCK_SECONDS);
        let counter = format!("{}address/{slot}/{address}", self.counters_of(now));
        if self.record.count(&counter, 1).await? > ADDRESS_FAILURES {
            let left = LOCK_SECONDS - now.micros().div_euclid(1_000_000).rem_euclid(LOCK_SECONDS);
            return Err(limited("sign_in_address_limited", left).into());
        }
        Ok(Knock(Some(counter)))
    }

    /// A success is no failure of its address.
    pub(super) async fn open_door(&self, knock: Knock) -> Result<(), Stop> {
        if let Knock(Some(counter)) = knock {
            self.record.count(&counter, -1).await?;
        }
        Ok(())
    }

    /// Counts a try for a name that exists and answers which one it is.
    pub(super) async fn count_try(
        &self,
        login: &str,
        account: &Account,
        now: Timestamp,
    ) -> Result<i64, Stop> {
        if let Some(until) = account.locked_until.filter(|until| *until > now) {
            return Err(limited("sign_in_locked", (until.micros() - now.micros()) / 1_000_000).into());
        }
        let tries = self.record.count(&self.tries_of(login, account, now), 1).await?;
        if tries > FAILURES_BEFORE_LOCK {
            return Err(limited("sign_in_locked", LOCK_SECONDS).into());
        }
        Ok(tries)
    }

    /// A success ends the row of failures.
    pub(super) async fn forget_try(
        &self,
        login: &str,
        account: &Account,
        tries: i64,
        now: Timestamp,
    ) -> Result<(), Stop> {
        if tries <= 1 {
            self.record.count(&self.tries_of(login, account, now), -1).await?;
            return Ok(());
        }
        self.next_generation(login, account.generation, None).await
    }

    /// Locks a name after too many failures.
    pub(super) async fn lock(&self, login: &str, generation: u64, now: Timestamp) -> Result<(), Stop> {
        let until = now.plus_seconds(LOCK_SECONDS);
        self.next_generation(login, generation, Some(until)).await
    }

    /// Leaves a generation of failures, unless somebody else did.
    async fn next_generation(
        &self,
        login: &str,
        generation: u64,
        locked_until: Option<Timestamp>,
    ) -> Result<(), Stop> {
        for _ in 0..TRIES {
            let Some(stored) = self.record.document("account", login).await? else {
                return Ok(());
            };
            let account: Account = parse(&stored)?;
            if account.generation != generation {
                return Ok(());
            }
            let next = Account {
                generation: generation + 1,
                locked_until,
                ..account
            };
            if self.put_account(login, &next, stored.version + 1).await? {
                return Ok(());
            }
        }
        Err(Refusal::conflict("write_lost").into())
    }

    fn tries_of(&self, login: &str, account: &Account, now: Timestamp) -> String {
        format!("{}name/{login}/{}", self.counters_of(now), account.generation)
    }

    fn counters_of(&self, now: Timestamp) -> String {
        format!("{COUNTERS}{}/", self.profile().zone.date(now))
    }
}

fn limited(code: &str, seconds: i64) -> Refusal {
    Refusal::new(RefusalKind::Limited, code).fact("minutes", seconds / 60 + 1)
}
