//! Sealing: extend the tree, sign its root, store the checkpoint, then move the guard.
//!
//! Every step can be repeated. A crash between two of them is mended by the next seal, which is also the
//! last step of opening: recovery is normal work.

use std::sync::Arc;

use shuyu_domain::port::StoredCheckpoint;
use shuyu_kernel::{Digest, Fault, kill::KillSwitch};
use shuyu_ledger::{Checkpoint, Frontier, SignedCheckpoint, SigningKey};

use super::{Book, Checked};
use crate::{
    database::{Cell, DbError, Row, Tx},
    error::Broken,
    guard::{Guard, Mark},
    kill,
};

/// What sealing needs besides the log.
#[derive(Clone)]
pub(crate) struct Sealing {
    /// The key that signs.
    pub signer: Arc<SigningKey>,
    /// The guard outside the database.
    pub guard: Guard,
    /// Asked at the named points.
    pub kill: Arc<dyn KillSwitch>,
}

/// A stored checkpoint with what is needed to go on from it.
pub(crate) struct Signed {
    /// Number of entries signed for.
    pub size: u64,
    /// Root over them.
    pub root: Digest,
    /// The signed note.
    pub note: SignedCheckpoint,
    /// Right edge of the tree, if it is the one of this size.
    pub edge: Option<Frontier>,
}

/// The latest checkpoint of a log.
pub(crate) async fn latest(tx: &mut Tx, log: &str) -> Result<Option<Signed>, DbError> {
    let select = "SELECT c.size, c.root, c.note, e.frontier FROM checkpoint c \
                  LEFT JOIN sealed_edge e ON e.log = c.log AND e.size = c.size \
                  WHERE c.log = $1 ORDER BY c.size DESC LIMIT 1";
    tx.row(select, &[log.into()])
        .await?
        .map(|row| signed(&row))
        .transpose()
}

fn signed(row: &Row) -> Result<Signed, DbError> {
    let note = SignedCheckpoint::parse(row.text(2)?.as_bytes()).map_err(|_| DbError::Shape { column: 2 })?;
    let edge = row.maybe_text(3)?.map(|_| row.json(3)).transpose()?;
    Ok(Signed {
        size: row.count(0)?,
        root: row.digest(1)?,
        note,
        edge,
    })
}

impl Signed {
    /// As the port shows it.
    pub fn stored(&self) -> StoredCheckpoint {
        StoredCheckpoint {
            size: self.size,
            root: self.root,
            note: self.note.to_string(),
        }
    }
}

impl Book {
    /// The latest checkpoint, if any.
    pub async fn checkpoint(&self) -> Result<Option<Signed>, DbError> {
        let mut tx = self.database.read().await?;
        latest(&mut tx, self.name()).await
    }

    /// Signs the present size if the log grew, and brings the guard up to the latest checkpoint.
    pub async fn seal(&self, sealing: &Sealing) -> Result<Option<StoredCheckpoint>, DbError> {
        // One seal at a time in this process; other processes may seal too, each result is the same tree.
        let mut checked = self.checked.lock().await;
        let mut tx = self.database.read().await?;
        let head = self.head(&mut tx).await?;
        let earlier = latest(&mut tx, self.name()).await?;
        self.check_up_to(&mut tx, &mut checked, head.size, true).await?;
        tx.rollback().await?;
        if checked.last != head.last {
            return Err(Broken::Head {
                log: self.name().to_owned(),
                index: head.size,
            }
            .into());
        }
        let grew = earlier.as_ref().map_or(0, |earlier| earlier.size) < head.size;
        let current = if grew {
            Some(self.sign(sealing, &checked).await?)
        } else {
            earlier
        };
        let Some(current) = current else { return Ok(None) };
        if grew {
            sealing.kill.reached(kill::AFTER_SEAL_BEFORE_GUARD);
        }
        self.advance_guard(
            sealing,
            Mark {
                size: current.size,
                root: current.root,
            },
        )
        .await?;
        Ok(Some(current.stored()))
    }

    async fn sign(&self, sealing: &Sealing, checked: &Checked) -> Result<Signed, DbError> {
        let (size, root) = (checked.frontier.size(), checked.frontier.root());
        let statement = Checkpoint {
            origin: self.origin.clone(),
            size,
            root,
        };
        let note = SignedCheckpoint::sign(statement, &sealing.signer)
            .map_err(|error| Fault::new("signing a checkpoint", error))?;
        let frontier = serde_json::to_string(&checked.frontier)
            .map_err(|error| Fault::new("encoding the edge of the tree", error))?;
        let mut tx = self.database.write_beside().await?;
        let insert = "INSERT INTO checkpoint (log, size, root, note) VALUES ($1, $2, $3, $4) \
                      ON CONFLICT (log, size) DO NOTHING";
        tx.execute(
            insert,
            &[self.name().into(), size.into(), root.into(), Cell::shown(&note)],
        )
        .await?;
        // Another process may have sealed more in the meantime; its edge is the one to keep.
        let edge = "INSERT INTO sealed_edge (log, size, frontier) VALUES ($1, $2, $3) \
                    ON CONFLICT (log) DO UPDATE SET size = excluded.size, frontier = excluded.frontier \
                    WHERE sealed_edge.size < excluded.size";
        tx.execute(edge, &[self.name().into(), size.into(), frontier.into()])
            .await?;
        sealing.kill.reached(kill::MID_SEAL);
        tx.commit().await?;
        Ok(Signed {
            size,
            root,
            note,
            edge: None,
        })
    }

    /// Moves the guard forward by compare-and-swap, after showing that it stands at a state of this log.
    async fn advance_guard(&self, sealing: &Sealing, next: Mark) -> Result<(), DbError> {
        loop {
            let guard = sealing.guard.clone();
            let origin = self.origin.clone();
            let present = off_thread(move || guard.mark(&origin)).await?;
            if let Some(present) = present {
                // Ahead of us: another process sealed more in the meantime.
                if present.size > next.size || present == next {
                    return Ok(());
                }
                if self.root_at(present.size).await? != present.root {
                    let log = self.name().to_owned();
                    return Err(Broken::Guard {
                        log,
                        size: present.size,
                    }
                    .into());
                }
            }
            let guard = sealing.guard.clone();
            let origin = self.origin.clone();
            if off_thread(move || guard.swap(&origin, present, next)).await? {
                return Ok(());
            }
        }
    }

    /// The root the log had at an earlier size: from its checkpoint, else from the entries.
    async fn root_at(&self, size: u64) -> Result<Digest, DbError> {
        let mut tx = self.database.read().await?;
        let select = "SELECT root FROM checkpoint WHERE log = $1 AND size = $2";
        if let Some(row) = tx.row(select, &[self.name().into(), size.into()]).await? {
            return row.digest(0);
        }
        let mut derived = Checked::none(&self.origin);
        self.check_up_to(&mut tx, &mut derived, size, false).await?;
        Ok(derived.frontier.root())
    }
}

/// File work off the threads that serve.
async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Fault::new("working on the guard", error))?
}
