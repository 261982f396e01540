//! The main job: walk the story through HTTP as each role, then verify and rebuild.

mod answers;
mod client;
mod input;
mod report;
mod runner;
mod story;
mod tell;
mod walked;
mod words;

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use shuyu_kernel::CivilDate;

use crate::{embedded, serve};

pub use report::Report;
pub use walked::{Walked, walked};

use answers::Answers;
use client::Client;
use input::Input;
use runner::{Parts, Runner};
use story::Story;
use words::Words;

/// What to walk and how to show it.
#[derive(Debug, Clone)]
pub struct DemoOptions {
    /// Training folder.
    pub data: PathBuf,
    /// Folder with real input; `None` = data that the project makes.
    pub input: Option<PathBuf>,
    /// The input is not the published files: the numbers of rows are taken as they come.
    pub other_rows: bool,
    /// One JSON document instead of lines.
    pub json: bool,
    /// Last day walked; `None` = the whole story.
    pub until: Option<CivilDate>,
    /// Name of the world.
    pub world: String,
    /// Profile the world lives under.
    pub profile: String,
}

/// Starts the real server on a new training folder, walks the story, verifies, rebuilds and stops.
pub async fn demo(options: &DemoOptions) -> anyhow::Result<Report> {
    walked::must_be_new(&options.data)?;
    let mut report = Report::default();
    report.phase("start_server");
    let mut serving = serve::ServeOptions::training(&options.data, "127.0.0.1:0", &options.world);
    serving.folder.profile = Some(options.profile.clone());
    let server = serve::start(serving).await?;
    let mut report = walk(options, &server.address(), report).await?;
    report.close(&server).await?;
    report.phase("stop_server");
    server.stop().await?;
    report.end_phase();
    Ok(report)
}

/// The day up to which a world is walked before it is served, where its story names one.
pub fn walked_until(world: &str) -> anyhow::Result<Option<CivilDate>> {
    Ok(Story::of(world)?.until)
}

/// Walks the story against a running server. A folder in which this was interrupted is told from a whole one.
pub async fn walk(options: &DemoOptions, base: &str, mut report: Report) -> anyhow::Result<Report> {
    let story = Story::of(&options.world)?;
    let world = embedded::world(&options.world)?;
    let answers = Answers::of(&options.world)?;
    for case in answers.cases() {
        let known = story.step.iter().any(|step| step.case == case);
        ensure!(
            known,
            "answers.toml answers for the case {case}, which the story has not"
        );
    }
    let words = Words::new(&world, &options.profile)?;
    report.phase("make_input");
    let made = options.data.join("made-input");
    let input = Input::open(options.input.as_deref(), &made, options.other_rows)?;
    report.phase("sign_in");
    let client = Client::new(base, &world.password)?;
    let mut runner = Runner::new(Parts {
        client,
        input,
        words,
        answers,
        world,
        json: options.json,
        report,
    })?;
    runner.sign_in().await?;
    runner.must_be_untouched().await?;
    walked::begin(&options.data)?;
    for step in &story.step {
        if options.until.is_some_and(|until| step.on > until) {
            break;
        }
        runner
            .step(step)
            .await
            .with_context(|| format!("{} {} {}", step.on, step.login, step.note))?;
    }
    if let Some(until) = options.until {
        runner.wind_to(until).await?;
    }
    walked::end(&options.data)?;
    runner.into_report().await
}
