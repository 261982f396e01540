//! Acts per second: opening a case from session to durable ledger entry, on both databases.

use std::{collections::BTreeMap, fs::File, io::Write as _, path::Path, sync::Arc};

use anyhow::Context as _;
use shuyu_app::{App, Session, dispatch::Guarded};
use shuyu_domain::port::Log;

use super::{
    report::{Figure, Report},
    scratch::Scratch,
    stopwatch::{Stopwatch, median},
};
use crate::{
    embedded,
    folder::Installation,
    serve::{self, Opened, ServeOptions},
};

const SECTION: &str = "ledger";
/// World of the people who act.
pub(super) const WORLD: &str = "yunnan";
/// Writers at the same time, besides one alone.
const MANY: u64 = 8;
/// Bytes of a bare append: about what a ledger entry has.
const ENTRY_BYTES: usize = 1024;

/// Measures the disk alone, SQLite, and PostgreSQL if there is one.
pub(super) async fn measure(
    report: &mut Report,
    scratch: &Scratch,
    postgres: Option<&str>,
    acts: u64,
) -> anyhow::Result<()> {
    let disk = synced_appends(&scratch.join("appended"), acts)?;
    let what = format!("{ENTRY_BYTES} bytes and fdatasync each, one after the other");
    report.add(Figure::new(SECTION, "disk alone: synced appends", disk, "per s").note(what));
    let sqlite = database(
        report,
        "SQLite",
        &scratch.join("sqlite"),
        acts,
        (disk, "disk alone"),
    )
    .await?;
    match postgres {
        None => report
            .not_measured
            .push("PostgreSQL: no --postgres URL and no SHUYU_TEST_PG".to_owned()),
        Some(url) => {
            let folder = scratch.join("postgres");
            on_postgres(&folder, url)?;
            database(report, "PostgreSQL", &folder, acts, (sqlite, "SQLite, 1 writer")).await?;
        }
    }
    Ok(())
}

/// Appends of a fixed size, each made durable before the next: what no database on this disk can beat one by one.
fn synced_appends(path: &Path, count: u64) -> anyhow::Result<f64> {
    let mut file = File::create(path)?;
    let watch = Stopwatch::start();
    for _ in 0..count {
        file.write_all(&[0; ENTRY_BYTES])?;
        file.sync_data()?;
    }
    Ok(count as f64 / watch.seconds())
}

/// A data folder whose record is in PostgreSQL. The database must be empty.
fn on_postgres(folder: &Path, url: &str) -> anyhow::Result<()> {
    std::fs::create_dir(folder)?;
    let file = folder.join("postgres-url");
    std::fs::write(&file, url)?;
    let installation = Installation {
        id: "bench".to_owned(),
        kind: "training".to_owned(),
        profile: embedded::defaults()?.profile,
        postgres_url_file: Some(file),
        guard: None,
    };
    std::fs::write(folder.join("installation.toml"), toml::to_string(&installation)?)?;
    Ok(())
}

/// Measures one writer and many; answers the rate of one.
async fn database(
    report: &mut Report,
    name: &str,
    folder: &Path,
    acts: u64,
    (reference, reference_name): (f64, &str),
) -> anyhow::Result<f64> {
    let opened = opened(folder)
        .await
        .with_context(|| format!("{name} (a database must be empty)"))?;
    let session = signed_in(&opened.app, "rsj_clerk").await?;
    // Not counted: the first statements are prepared, the files grow for the first time.
    write(&opened.app, &session, 1, acts.div_ceil(10)).await?;
    let before = opened.app.record().size(Log::Proceedings).await?;
    let (one, each) = write(&opened.app, &session, 1, acts).await?;
    let entries = (opened.app.record().size(Log::Proceedings).await? - before) as f64 / acts as f64;
    let (many, each_of_many) = write(&opened.app, &session, MANY, acts).await?;
    opened.store.close().await;
    let note = |each: f64| format!("{acts} acts of {entries:.0} ledger entry, median {each:.2} ms");
    let alone = format!("{name}, 1 writer");
    let figure = |what: String, value| Figure::new(SECTION, what, value, "acts/s");
    report.add(
        figure(alone.clone(), one)
            .against(reference, reference_name)
            .note(note(each)),
    );
    report.add(
        figure(format!("{name}, {MANY} writers"), many)
            .against(one, &alone)
            .note(note(each_of_many)),
    );
    Ok(one)
}

/// A founded installation without a server.
async fn opened(folder: &Path) -> anyhow::Result<Opened> {
    let opened = serve::open(&ServeOptions::training(folder, "127.0.0.1:0", WORLD)).await?;
    opened.app.restore_profiles().await?;
    opened.app.found(Some(&embedded::world(WORLD)?)).await?;
    Ok(opened)
}

/// A session of a person of the world.
pub(super) async fn signed_in(app: &App, login: &str) -> anyhow::Result<Session> {
    let password = embedded::world(WORLD)?.password;
    let signed_in = app.sign_in(login, &password).await;
    Ok(signed_in.with_context(|| format!("signing {login} in"))?.session)
}

/// Opens cases from several tasks; answers acts per second and the median of one act in milliseconds.
async fn write(app: &Arc<App>, session: &Session, writers: u64, acts: u64) -> anyhow::Result<(f64, f64)> {
    let watch = Stopwatch::start();
    let tasks: Vec<_> = (0..writers)
        .map(|writer| {
            let (app, session) = (app.clone(), session.clone());
            let share = acts / writers + u64::from(writer < acts % writers);
            tokio::spawn(async move {
                let mut readings = Vec::new();
                for number in 0..share {
                    let set = BTreeMap::from([("name".to_owned(), format!("entry {writer}-{number}"))]);
                    let watch = Stopwatch::start();
                    app.open(&session, "resource", &set, Guarded::default()).await?;
                    readings.push(watch.millis());
                }
                anyhow::Ok(readings)
            })
        })
        .collect();
    let mut readings = Vec::new();
    for task in tasks {
        readings.extend(task.await??);
    }
    Ok((acts as f64 / watch.seconds(), median(&readings)))
}
