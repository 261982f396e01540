//! Work on cells by several threads at once. What comes out is in the order of what goes in, whoever did it.

use std::{
    num::NonZeroUsize,
    sync::{Mutex, PoisonError},
};

use datafusion::common::{Result, exec_err};
use tokio_util::sync::CancellationToken;

/// How many work, and the sign to stop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hands<'a> {
    pub threads: NonZeroUsize,
    pub stop: &'a CancellationToken,
}

impl Hands<'_> {
    /// Between two steps: whether to go on.
    ///
    /// # Errors
    /// When it is time to stop.
    pub fn go_on(self) -> Result<()> {
        if self.stop.is_cancelled() {
            return exec_err!("stopped");
        }
        Ok(())
    }

    /// What a function makes of each item.
    ///
    /// # Errors
    /// When it is time to stop.
    pub fn each<T: Send, U: Send>(self, items: Vec<T>, make: impl Fn(T) -> U + Sync) -> Result<Vec<U>> {
        let made = each(items, self.threads, |item| {
            self.go_on()?;
            Ok(make(item))
        });
        made.into_iter().collect()
    }
}

fn each<T: Send, U: Send>(items: Vec<T>, threads: NonZeroUsize, make: impl Fn(T) -> U + Sync) -> Vec<U> {
    if threads.get() == 1 || items.len() < 2 {
        return items.into_iter().map(make).collect();
    }
    let items = Mutex::new(items.into_iter().enumerate());
    let work = || {
        let mut made = Vec::new();
        loop {
            // A thread that panicked ends the scope with its panic, and what others made is dropped.
            let next = items.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((place, item)) = next else {
                return made;
            };
            made.push((place, make(item)));
        }
    };
    let mut all = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads.get()).map(|_| scope.spawn(work)).collect();
        let mut all = work();
        for other in others {
            match other.join() {
                Ok(made) => all.extend(made),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    all.sort_unstable_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, made)| made).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_made_once_and_in_its_order() {
        for threads in 1..5 {
            let threads = NonZeroUsize::new(threads).unwrap();
            for many in [0u64, 1, 2, 100] {
                let made = each((0..many).collect(), threads, |n| n * n);
                assert!(made.into_iter().eq((0..many).map(|n| n * n)));
            }
        }
    }

    #[test]
    fn a_sign_to_stop_ends_it() {
        let stop = CancellationToken::new();
        let hands = Hands {
            threads: NonZeroUsize::new(2).unwrap(),
            stop: &stop,
        };
        assert_eq!(hands.each(vec![1, 2, 3], |n| n + 1).unwrap(), [2, 3, 4]);
        let ended = hands.each(vec![1, 2, 3], |_| stop.cancel());
        assert!(ended.is_err() && hands.go_on().is_err());
    }

    #[test]
    #[should_panic(expected = "seven")]
    fn a_panic_is_not_lost() {
        each((0..20).collect(), NonZeroUsize::new(3).unwrap(), |n| {
            assert!(n != 7, "seven")
        });
    }
}
