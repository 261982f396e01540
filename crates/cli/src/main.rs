//! The one binary `shuyu`: serves, walks the demo, checks the law, verifies. The only composition root.

#[cfg(any(test, feature = "bench"))]
mod bench;
mod demo;
mod embedded;
mod examining;
mod folder;
mod isolation;
mod keys;
mod law;
mod policy;
mod real;
mod serve;
mod verify;
mod wire;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use shuyu_kernel::CivilDate;
use tracing_subscriber::{
    Layer as _, filter::filter_fn, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

/// 数域: authorised use of public data.
#[derive(Parser)]
#[command(name = "shuyu", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the console, the API and the gateway.
    Serve(ServeArguments),
    /// Found or continue a training world: walk the story up to a day, then keep serving.
    World(WorldArguments),
    /// Walk the whole story through HTTP, verify and rebuild.
    Demo(DemoArguments),
    /// Check, test and show the rules.
    Law {
        #[command(subcommand)]
        command: law::LawCommand,
    },
    /// Score the disclosure gate.
    Policy {
        #[command(subcommand)]
        command: policy::PolicyCommand,
    },
    /// Verify an exported log without server and database.
    Verify(verify::VerifyArguments),
    /// Export a log of a data folder for offline verification.
    Export(verify::ExportArguments),
    /// Compare every core table with the ledger.
    Rebuild(verify::RebuildArguments),
    /// The keys of a data folder.
    Keys {
        #[command(subcommand)]
        command: keys::KeysCommand,
    },
    /// Write the OpenAPI document.
    Openapi,
    /// Measure and print ratios.
    #[cfg(any(test, feature = "bench"))]
    Bench(bench::BenchArguments),
}

#[derive(clap::Args)]
struct ServeArguments {
    /// Where the data is.
    #[command(flatten)]
    place: PlaceArguments,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:8787")]
    listen: String,
    /// A production folder. Without it the folder is a training one, for ever.
    #[arg(long)]
    production: bool,
    /// Rules a new folder is founded with; a folder keeps them.
    #[arg(long)]
    profile: Option<String>,
    /// Folder with a changed version of the folder's rules, for new cases; open ones stay under theirs.
    #[arg(long)]
    rules: Option<PathBuf>,
    /// World to found a training folder with; without it the one of the profile.
    #[arg(long)]
    world: Option<String>,
    /// Kill this process at a named point, `point[:n]`. Training only; for the recovery tests.
    #[arg(long, hide = true)]
    kill_at: Option<String>,
    /// Let the wall clock run so many seconds ahead. Training only; for the tests of what expires.
    #[arg(long, hide = true, default_value_t = 0)]
    wall_ahead: u32,
    /// Seal nothing in the lake. Training only; for the test that shows that its search finds what is in clear.
    #[arg(long, hide = true)]
    unsealed: bool,
}

#[derive(clap::Args)]
struct WorldArguments {
    /// Where the data is.
    #[command(flatten)]
    place: PlaceArguments,
    /// Last day walked before serving; without it the one that the story names.
    #[arg(long)]
    until: Option<CivilDate>,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:8787")]
    listen: String,
    /// Folder with real input.
    #[arg(long)]
    input: Option<PathBuf>,
    /// Rules a new folder is founded with; a folder keeps them.
    #[arg(long)]
    profile: Option<String>,
    /// World; without it the one of the profile.
    #[arg(long)]
    world: Option<String>,
}

/// Where an installation keeps what it has.
#[derive(clap::Args)]
struct PlaceArguments {
    /// Data folder.
    #[arg(long)]
    data: PathBuf,
    /// The guard file, which must not lie in a backup of the data folder. Given once, the folder remembers it;
    /// given anew, the guard moves.
    #[arg(long)]
    guard: Option<PathBuf>,
    /// File with the URL of an empty PostgreSQL database (15 or newer) that a new folder keeps its record in.
    #[arg(long)]
    postgres_url_file: Option<PathBuf>,
}

impl PlaceArguments {
    fn wanted(&self, kind: &str) -> folder::Wanted {
        folder::Wanted {
            kind: kind.to_owned(),
            profile: None,
            guard: self.guard.clone(),
            postgres_url_file: self.postgres_url_file.clone(),
        }
    }
}

#[derive(clap::Args)]
struct DemoArguments {
    /// Training folder; must be new.
    #[arg(long)]
    data: PathBuf,
    /// Folder with real input. Without it the project makes its own.
    #[arg(long)]
    input: Option<PathBuf>,
    /// The input is not the published files: take the numbers of rows as they come. For the tests.
    #[arg(long, hide = true)]
    other_rows: bool,
    /// Print one JSON document instead of lines.
    #[arg(long)]
    json: bool,
    /// Rules the folder is founded with.
    #[arg(long)]
    profile: Option<String>,
    /// World; without it the one of the profile.
    #[arg(long)]
    world: Option<String>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,shuyu=info"));
    // Engines below tell statements and values when they are asked for details: of what is not ours only warnings are
    // told, whatever the environment asks for.
    let ours =
        filter_fn(|about| *about.level() <= tracing::Level::WARN || about.target().starts_with("shuyu"));
    let told = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_filter(filter)
        .with_filter(ours);
    tracing_subscriber::registry().with(told).init();
    // The text of a panic may hold values of rows: only the place is written down.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a bug stopped an operation");
    }));
    match arguments.command {
        Command::Policy { command } => return policy::run(command),
        Command::Verify(arguments) => return verify::verify(&arguments),
        Command::Keys { command } => return keys::run(command),
        Command::Openapi => return print(&shuyu_web::api::openapi().to_pretty_json()?),
        _ => {}
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(8 << 20)
        .build()?;
    runtime.block_on(run(arguments.command))
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve(arguments) => {
            let kind = if arguments.production {
                "production"
            } else {
                "training"
            };
            let for_tests = arguments.kill_at.is_some() || arguments.wall_ahead > 0 || arguments.unsealed;
            anyhow::ensure!(
                !for_tests || kind == "training",
                "--kill-at, --wall-ahead and --unsealed are for training folders"
            );
            let world = match kind {
                "training" => Some(world_for(arguments.world, arguments.profile.as_deref())?),
                _ => None,
            };
            let options = serve::ServeOptions {
                folder: folder::Wanted {
                    profile: arguments.profile,
                    ..arguments.place.wanted(kind)
                },
                data: arguments.place.data,
                listen: arguments.listen,
                world,
                rules: arguments.rules,
                kill_at: arguments.kill_at,
                wall_ahead: arguments.wall_ahead,
                unsealed: arguments.unsealed,
            };
            let server = serve::start(options).await?;
            let asked = serve::StopSignals::catch()?;
            print(&server.address())?;
            server.until_stopped(asked).await
        }
        Command::World(arguments) => world(arguments).await,
        Command::Demo(arguments) => {
            let profile = profile_named(arguments.profile)?;
            let options = demo::DemoOptions {
                world: world_for(arguments.world, Some(&profile))?,
                data: arguments.data,
                input: arguments.input,
                other_rows: arguments.other_rows,
                json: arguments.json,
                until: None,
                profile,
            };
            let report = demo::demo(&options).await?;
            print(&serde_json::to_string_pretty(&report)?)
        }
        Command::Export(arguments) => verify::export(&arguments).await,
        Command::Rebuild(arguments) => verify::rebuild(&arguments).await,
        #[cfg(any(test, feature = "bench"))]
        Command::Bench(arguments) => bench::run(&arguments).await,
        Command::Law { command } => law::run(command).await,
        Command::Policy { .. } | Command::Verify(_) | Command::Keys { .. } | Command::Openapi => Ok(()),
    }
}

/// The world of that name, else the one of the profile, else the usual one.
fn world_for(name: Option<String>, profile: Option<&str>) -> anyhow::Result<String> {
    let of_profile = profile.filter(|profile| embedded::world(profile).is_ok());
    world_named(name.or_else(|| of_profile.map(str::to_owned)))
}

/// The world of that name, else the usual one.
fn world_named(name: Option<String>) -> anyhow::Result<String> {
    name.map_or_else(|| Ok(embedded::defaults()?.world), Ok)
}

/// The profile of that name, else the usual one.
fn profile_named(name: Option<String>) -> anyhow::Result<String> {
    name.map_or_else(|| Ok(embedded::defaults()?.profile), Ok)
}

async fn world(arguments: WorldArguments) -> anyhow::Result<()> {
    let data = &arguments.place.data;
    let profile = profile_named(arguments.profile.or(folder::profile_of(data)?))?;
    let name = world_for(arguments.world, Some(&profile))?;
    let walked = demo::walked(data)?;
    let mut options = serve::ServeOptions::training(data, &arguments.listen, &name);
    options.folder = folder::Wanted {
        profile: Some(profile.clone()),
        ..arguments.place.wanted("training")
    };
    let server = serve::start(options).await?;
    if walked == demo::Walked::Not {
        let options = demo::DemoOptions {
            data: data.clone(),
            input: arguments.input,
            other_rows: false,
            json: false,
            until: match arguments.until {
                Some(day) => Some(day),
                None => demo::walked_until(&name)?,
            },
            world: name.clone(),
            profile,
        };
        demo::walk(&options, &server.address(), demo::Report::default()).await?;
    }
    let asked = serve::StopSignals::catch()?;
    let people = embedded::world(&name)?;
    print("\nSign-in names (name, role, post, fictional person):\n")?;
    for person in &people.person {
        print(&format!(
            "  {:<16} {:<24} {:<8} {}",
            person.login, person.role, person.post, person.name
        ))?;
    }
    print(&format!(
        "\nPassword of everybody: {}\nOpen this address; Ctrl+C stops:\n\n  {}",
        people.password,
        server.address()
    ))?;
    server.until_stopped(asked).await
}

#[expect(clippy::print_stdout, reason = "a command prints its answer")]
fn print(text: &str) -> anyhow::Result<()> {
    println!("{text}");
    Ok(())
}
