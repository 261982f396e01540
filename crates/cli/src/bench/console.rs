//! Pages of the console over HTTP, with few cases and with many.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use shuyu_app::App;
use shuyu_domain::{
    Command, Context, Event, Value,
    decide::decide,
    port::{Loaded, Proposal, Request, Stream},
};
use shuyu_kernel::{Actor, CaseId, Digest};
use shuyu_testkit::SeededSource;

use super::{
    ledger::{WORLD, signed_in},
    report::{Figure, Report},
    scratch::Scratch,
    stopwatch::{Stopwatch, median, quantile},
};
use crate::{
    embedded,
    serve::{self, ServeOptions},
};

const SECTION: &str = "console";
/// Cases at the first measurement.
const FEW: u64 = 100;
/// Requests that are counted, of each page.
const REQUESTS: usize = 50;
/// Requests of the page that grows with the work of its reader.
const REQUESTS_LONG: usize = 10;
/// Cases that wait for the reader with little to do; all others wait for the other reader.
const WAITING: u64 = 20;
/// Titles of all cases begin so.
const TITLE: &str = "Measured entry";
/// The reader with little to do, and the one with much.
const READERS: [&str; 2] = ["hbj_clerk", "rsj_clerk"];

/// A page and what it took.
struct Page {
    what: &'static str,
    readings: Vec<f64>,
    bytes: usize,
}

/// Fills a new record and times pages at two sizes.
pub(super) async fn measure(report: &mut Report, scratch: &Scratch, cases: u64) -> anyhow::Result<()> {
    let options = ServeOptions::training(&scratch.join("console"), "127.0.0.1:0", WORLD);
    let server = serve::start(options).await?;
    let mut actors = Vec::new();
    let mut browsers = Vec::new();
    let password = embedded::world(WORLD)?.password;
    for login in READERS {
        actors.push(signed_in(&server.app, login).await?.actor);
        let token = server.app.sign_in(login, &password).await?.token;
        browsers.push(Browser::new(server.address(), &token)?);
    }
    let mut filling = Filling {
        actors,
        ids: SeededSource::new(1),
        made: Vec::new(),
    };
    filling.up_to(&server.app, FEW).await?;
    let few = pages(&browsers, &filling.made).await?;
    let watch = Stopwatch::start();
    filling.up_to(&server.app, cases).await?;
    let rate = (cases - FEW) as f64 / watch.seconds();
    let many = pages(&browsers, &filling.made).await?;
    server.stop().await?;
    let filled = Figure::new(SECTION, format!("filling up to {cases} cases"), rate, "acts/s");
    report.add(filled.note("opened through the record directly: one transaction each, no follow-ups queued"));
    for (few, many) in few.iter().zip(&many) {
        let (before, now) = (median(&few.readings), median(&many.readings));
        let kib = many.bytes.div_ceil(1024);
        let size = format!("{cases} cases, {} requests, {kib} KiB", many.readings.len());
        let reference = format!("{FEW} cases");
        report.add(
            Figure::new(SECTION, format!("{} p50", many.what), now, "ms")
                .against(before, &reference)
                .note(size),
        );
        let (before, now) = (quantile(&few.readings, 0.95), quantile(&many.readings, 0.95));
        report.add(Figure::new(SECTION, format!("{} p95", many.what), now, "ms").against(before, &reference));
    }
    Ok(())
}

/// Cases being made.
struct Filling {
    actors: Vec<Actor>,
    ids: SeededSource,
    made: Vec<CaseId>,
}

impl Filling {
    /// Opens catalogue entries until there are so many, each decided by the rules and in its own transaction.
    async fn up_to(&mut self, app: &App, cases: u64) -> anyhow::Result<()> {
        let (profile, today) = (app.profile(), app.today());
        for number in self.made.len() as u64..cases {
            let reader = usize::from(number >= WAITING);
            let actor = self.actors.get(reader).context("an actor")?.clone();
            let new_case = CaseId::new(app.now(), &self.ids);
            let set = BTreeMap::from([("name".to_owned(), Value::Text(format!("{TITLE} {number:06}")))]);
            let command = Command::Open {
                procedure: "resource".to_owned(),
                set,
            };
            let request = Request {
                name: "open-case",
                stream: Stream::Case(new_case),
                key: None,
                fingerprint: Digest::of(&number.to_be_bytes()),
                expected_version: None,
                needs: Default::default(),
                seeks: Vec::new(),
                numbering: Some(("resource".to_owned(), today.year())),
                at: app.now(),
            };
            let profile = profile.clone();
            let decided = Box::new(move |loaded: &Loaded| {
                let context = Context {
                    profile: &profile,
                    actor: &actor,
                    today,
                    registry: &loaded.registry,
                    linked: &loaded.linked,
                    new_case,
                    next_number: loaded.next_number,
                };
                let events = decide(None, &command, &context)?;
                Ok(Proposal {
                    events: events.into_iter().map(Event::Case).collect(),
                    ..Proposal::default()
                })
            });
            app.record().transact(request, decided).await?;
            self.made.push(new_case);
        }
        Ok(())
    }
}

/// Somebody signed in, with the cookie of the session.
struct Browser {
    http: reqwest::Client,
    base: String,
    cookie: String,
}

impl Browser {
    fn new(base: String, token: &str) -> anyhow::Result<Self> {
        // A redirection would be the sign-in page: an error here.
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let cookie = format!("{}={token}", shuyu_web::session::cookie_name(false));
        Ok(Self { http, base, cookie })
    }

    /// Milliseconds until the whole page had come, and its bytes.
    async fn get(&self, path: &str) -> anyhow::Result<(f64, usize)> {
        let request = self
            .http
            .get(format!("{}{path}", self.base))
            .header("cookie", &self.cookie);
        let watch = Stopwatch::start();
        let response = request.send().await?;
        let status = response.status();
        let text = response.text().await?;
        let millis = watch.millis();
        ensure!(status == reqwest::StatusCode::OK, "{path} answered {status}");
        ensure!(text.contains(TITLE), "{path} shows none of the cases");
        Ok((millis, text.len()))
    }
}

async fn pages(browsers: &[Browser], cases: &[CaseId]) -> anyhow::Result<Vec<Page>> {
    let [little, much] = browsers else {
        anyhow::bail!("two readers are needed")
    };
    // Spread over the record, and different for each request.
    let step = (cases.len() / REQUESTS).max(1);
    let spread: Vec<String> = cases
        .iter()
        .step_by(step)
        .take(REQUESTS)
        .map(|case| format!("/cases/{case}"))
        .collect();
    let same = |path: &str, count: usize| vec![path.to_owned(); count];
    Ok(vec![
        page("GET / (20 cases wait)", little, &same("/", REQUESTS)).await?,
        page("GET / (all others wait)", much, &same("/", REQUESTS_LONG)).await?,
        page("GET /catalogue", little, &same("/catalogue", REQUESTS)).await?,
        page(
            "GET /catalogue?text= (one hit)",
            little,
            &same("/catalogue?text=000042", REQUESTS),
        )
        .await?,
        page(
            "GET /catalogue?text= (all hit)",
            little,
            &same("/catalogue?text=measured", REQUESTS),
        )
        .await?,
        page("GET /cases/{id}", little, &spread).await?,
    ])
}

async fn page(what: &'static str, browser: &Browser, paths: &[String]) -> anyhow::Result<Page> {
    let mut page = Page {
        what,
        readings: Vec::new(),
        bytes: 0,
    };
    // One request that is not counted.
    if let Some(first) = paths.first() {
        browser.get(first).await?;
    }
    for path in paths {
        let (millis, bytes) = browser.get(path).await?;
        page.readings.push(millis);
        page.bytes = page.bytes.max(bytes);
    }
    Ok(page)
}
