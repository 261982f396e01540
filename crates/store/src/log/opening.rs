//! Opening a log: is it ours, is it whole, and is it the one the guard knows?

use shuyu_kernel::Digest;
use shuyu_ledger::{Frontier, VerifyingKey};

use super::{Book, Checked, Head};
use crate::{
    database::{DbError, Tx},
    error::{Broken, OpenError},
    guard::{Guard, Mark},
    log::seal::{Signed, latest},
};

/// How a log is checked when it is opened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opening<'a> {
    /// The guard outside the database.
    pub guard: &'a Guard,
    /// Accept a log the guard does not know.
    pub adopt: bool,
    /// The key that signs it.
    pub key: &'a VerifyingKey,
    /// Derive the tree from the first entry on. Otherwise from the latest signed state, for a log that is long
    /// and of which the whole is checked by `verify`.
    pub from_first: bool,
}

impl Book {
    /// Opens the log or refuses. Nothing is written but the head row of a new log and its line in the guard.
    pub async fn open(&self, opening: Opening<'_>) -> Result<(), OpenError> {
        self.found().await?;
        let mut tx = self.database.read().await?;
        let head = self.head(&mut tx).await?;
        let mark = opening.guard.mark(&self.origin)?;
        self.check_length(head, mark, opening.adopt)?;
        let signed = latest(&mut tx, self.name()).await?;
        if let Some(signed) = &signed {
            self.check_signed(signed, head, opening.key)?;
        }
        let (checked, guarded_root) = self
            .derive(&mut tx, head, mark, signed.as_ref(), opening.from_first)
            .await?;
        if let Some(mark) = mark
            && mark.root != guarded_root
        {
            let log = self.origin.to_string();
            return Err(OpenError::OtherHistory {
                log,
                guard: mark,
                stored_root: guarded_root,
            });
        }
        tx.rollback().await?;
        if mark.is_none() {
            // From the very first entry on, a shorter log will be noticed.
            let start = signed.map(|signed| Mark {
                size: signed.size,
                root: signed.root,
            });
            let start = start.unwrap_or(Mark {
                size: 0,
                root: self.origin.suite().empty_root(),
            });
            opening.guard.swap(&self.origin, None, start)?;
        }
        *self.checked.lock().await = checked;
        Ok(())
    }

    fn check_length(&self, head: Head, mark: Option<Mark>, adopt: bool) -> Result<(), OpenError> {
        let (log, stored) = (self.origin.to_string(), head.size);
        match mark {
            Some(guard) if guard.size > stored => Err(OpenError::RestoredOlderCopy { log, stored, guard }),
            None if stored > 0 && !adopt => Err(OpenError::GuardMissing { log, stored }),
            _ => Ok(()),
        }
    }

    fn check_signed(&self, signed: &Signed, head: Head, key: &VerifyingKey) -> Result<(), OpenError> {
        let log = self.name().to_owned();
        if signed.note.verify(key).is_err() {
            return Err(OpenError::SigningKey {
                log: self.origin.to_string(),
            });
        }
        let stated = signed.note.unverified();
        let same = stated.origin == self.origin && (stated.size, stated.root) == (signed.size, signed.root);
        let fits = |edge: &Frontier| (edge.size(), edge.root()) == (signed.size, signed.root);
        if !same || !signed.edge.as_ref().is_none_or(fits) {
            return Err(Broken::Root {
                log,
                size: signed.size,
            }
            .into());
        }
        if signed.size > head.size {
            return Err(Broken::Head {
                log,
                index: head.size,
            }
            .into());
        }
        Ok(())
    }

    /// The tree over all entries, and the root it had at the size the guard knows.
    async fn derive(
        &self,
        tx: &mut Tx,
        head: Head,
        mark: Option<Mark>,
        signed: Option<&Signed>,
        from_first: bool,
    ) -> Result<(Checked, Digest), DbError> {
        let guarded = mark.map_or(0, |mark| mark.size);
        let sealed = signed.map_or(0, |signed| signed.size);
        let edge = signed.and_then(|signed| signed.edge.clone());
        let mut checked = match edge {
            Some(edge) if !from_first && guarded >= edge.size() => self.checked_at(tx, edge).await?,
            _ => Checked::none(&self.origin),
        };
        let mut guarded_root = checked.frontier.root();
        let mut stops = [guarded, sealed, head.size];
        stops.sort_unstable();
        for stop in stops {
            self.check_up_to(tx, &mut checked, stop, stop > sealed).await?;
            let (size, root) = (checked.frontier.size(), checked.frontier.root());
            if size == guarded {
                guarded_root = root;
            }
            if signed.is_some_and(|signed| signed.size == size && signed.root != root) {
                return Err(Broken::Root {
                    log: self.name().to_owned(),
                    size,
                }
                .into());
            }
        }
        if checked.last != head.last {
            return Err(Broken::Head {
                log: self.name().to_owned(),
                index: head.size,
            }
            .into());
        }
        Ok((checked, guarded_root))
    }

    /// The state of checking at the end of a signed frontier.
    async fn checked_at(&self, tx: &mut Tx, frontier: Frontier) -> Result<Checked, DbError> {
        let index = frontier.size().saturating_sub(1);
        let select = "SELECT leaf_hash FROM ledger_entry WHERE log = $1 AND idx = $2";
        let row = tx.row(select, &[self.name().into(), index.into()]).await?;
        let row = row.ok_or_else(|| Broken::Head {
            log: self.name().to_owned(),
            index,
        })?;
        Ok(Checked {
            frontier,
            last: row.digest(0)?,
        })
    }
}
