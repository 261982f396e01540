//! Examines in the background what was never examined, so that no table waits for somebody to order it.

use std::{sync::Arc, time::Duration};

use shuyu_app::{App, port::Cancel};
use tokio::sync::watch;

/// Time between two looks for versions that were never examined; the first is at start.
const EVERY: Duration = Duration::from_secs(3600);

/// Looks at once and then every hour. An examination that runs is stopped with the server, and done after the next start.
pub async fn regularly(app: Arc<App>, stopped: watch::Receiver<bool>) {
    let cancel = Cancel::default();
    let mut beat = tokio::time::interval(EVERY);
    let mut to_stop = stopped.clone();
    loop {
        tokio::select! {
            _ = beat.tick() => {}
            _ = to_stop.wait_for(|stop| *stop) => return,
        }
        let mut meanwhile = stopped.clone();
        let work = app.examine_left(&cancel);
        let stop = async {
            let _ = meanwhile.wait_for(|stop| *stop).await;
            cancel.cancel();
            std::future::pending::<()>().await;
        };
        let done = tokio::select! {
            done = work => done,
            () = stop => return,
        };
        match done {
            Ok(0) => {}
            Ok(versions) => tracing::info!(versions, "versions that nobody had examined were examined"),
            Err(error) => tracing::error!(%error, "examining what is left failed"),
        }
    }
}
