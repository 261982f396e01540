//! Files that come in and files that nobody has use for any more. The same bytes are one file, whoever brings them: while
//! somebody has received them and did not record them yet, none is destroyed.

use std::{
    collections::BTreeSet,
    future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::{StreamExt, stream};
use shuyu_kernel::Digest;
use tokio::sync::{OwnedRwLockReadGuard, RwLock};

use crate::{App, Stop, port::ByteStream};

/// What came in and is to be destroyed, and a gate between the two.
#[derive(Debug, Default)]
pub(crate) struct Received {
    gate: Arc<RwLock<()>>,
    left: Mutex<BTreeSet<Digest>>,
}

type Slot = Mutex<Option<OwnedRwLockReadGuard<()>>>;

/// Holds the gate from the last byte of a file until whoever received it lets go.
#[derive(Debug)]
pub(crate) struct Holding(Arc<Slot>);

impl Drop for Holding {
    fn drop(&mut self) {
        lock(&self.0).take();
    }
}

impl Received {
    /// The same bytes, at whose end the gate is held: a file has its name from then on. While they arrive, however
    /// slowly, nobody waits.
    pub(crate) fn holding(&self, bytes: ByteStream) -> (ByteStream, Holding) {
        let slot: Arc<Slot> = Arc::default();
        let (gate, taken) = (self.gate.clone(), slot.clone());
        let end = stream::once(async move {
            let held = gate.read_owned().await;
            *lock(&taken) = Some(held);
        });
        let nothing = end.filter_map(|()| future::ready(None));
        (bytes.chain(nothing).boxed(), Holding(slot))
    }

    /// These are to be destroyed as soon as nobody holds the gate.
    pub(crate) fn leave(&self, files: impl IntoIterator<Item = Digest>) {
        lock(&self.left).extend(files);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl App {
    /// Destroys the files that were left, but those that somebody else has use for. Does nothing while somebody holds the
    /// gate: it is asked again after each bring and with each look for lists that ended.
    ///
    /// # Errors
    /// A fault of the record or the lake; what was not destroyed is tried again.
    pub(crate) async fn forget_received(&self) -> Result<(), Stop> {
        if lock(&self.received.left).is_empty() {
            return Ok(());
        }
        let Ok(_alone) = self.received.gate.try_write() else {
            return Ok(());
        };
        let kept = self.papers().await?;
        let left = lock(&self.received.left).clone();
        for raw in left {
            self.lake.forget_raw(raw, &kept).await?;
            lock(&self.received.left).remove(&raw);
        }
        Ok(())
    }
}
