//! The main job: walk the story through HTTP as each role, then verify and rebuild.

mod client;
mod input;
mod report;
mod runner;
mod story;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use shuyu_kernel::CivilDate;

use crate::{embedded, serve};

pub use client::Client;
pub use report::Report;
pub use runner::Runner;
pub use story::Story;

/// What to walk and how to show it.
#[derive(Debug, Clone)]
pub struct DemoOptions {
    /// Training folder.
    pub data: PathBuf,
    /// Folder with real input; `None` = data that the project makes.
    pub input: Option<PathBuf>,
    /// One JSON document instead of lines.
    pub json: bool,
    /// Last day walked.
    pub until: Option<CivilDate>,
    /// Name of the world.
    pub world: String,
}

/// Starts the real server on the training folder, walks the story, verifies, rebuilds and stops.
pub async fn demo(options: &DemoOptions) -> anyhow::Result<Report> {
    let server = serve::start(serve::ServeOptions::training(
        &options.data,
        "127.0.0.1:0",
        &options.world,
    ))
    .await?;
    let mut report = walk(options, &server.address()).await?;
    report.close(&server).await?;
    server.stop().await?;
    Ok(report)
}

/// Walks the story against a running server.
pub async fn walk(options: &DemoOptions, base: &str) -> anyhow::Result<Report> {
    let story: Story =
        toml::from_str(&embedded::world_file(&options.world, "story.toml")?).context("story.toml")?;
    let made = options.data.join("made-input");
    let input = input::Input::open(options.input.as_deref(), &made)?;
    let world = embedded::world(&options.world)?;
    let client = Client::new(base, &world.password)?;
    let mut runner = Runner::new(client, input, world, options.json);
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
    Ok(runner.into_report())
}

/// Whether a story has already been walked in this folder.
pub fn is_walked(data: &Path) -> bool {
    data.join("walked").exists()
}
