//! Checks of identity as a customer meets them: over HTTP, signed, each with a consent of its own. An answer leaves on a
//! grid of 100 ms by design, so how long one takes says little; how many a second and how much processor do.

use anyhow::{Context as _, ensure};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};
use shuyu_app::{identity::Question, product::Call};
use shuyu_gateway::signing::{Credentials, Message, sign};

use super::{
    ledger::WORLD,
    market::{Market, PURPOSE, subject},
    people::scattered,
    report::{Figure, Report},
    scratch::Scratch,
    stopwatch::{Stopwatch, median, quantile},
};
use crate::serve::{self, ServeOptions, Server};

const SECTION: &str = "checks of identity, over HTTP";
/// Questions at the same time.
const AT_ONCE: [usize; 3] = [16, 64, 256];
/// Questions that are asked one after the other: each waits for its line of the grid.
const ALONE: usize = 20;
/// One question in so many says another name, and is answered so. Half of the answers of a customer may.
const DIFFERS: usize = 10;
/// Ticks of processor time in a second (proc(5), `sysconf(_SC_CLK_TCK)` on Linux).
const TICKS: f64 = 100.0;

/// One question with its consent, and the answer it must have.
struct Asked {
    question: Question,
    same: u8,
}

/// What a stretch of questions took.
struct Taken {
    /// Milliseconds until each answer.
    readings: Vec<f64>,
    seconds: f64,
    /// Seconds of processor time of this process, which asks and answers.
    processor: f64,
}

impl Taken {
    fn rate(&self) -> f64 {
        self.readings.len() as f64 / self.seconds
    }
}

/// Opens a product over a register of so many people and asks so many questions of each kind.
pub(super) async fn measure(
    report: &mut Report,
    scratch: &Scratch,
    people: u64,
    questions: usize,
) -> anyhow::Result<()> {
    let options = ServeOptions::training(&scratch.join("checks"), "127.0.0.1:0", WORLD);
    let server = serve::start(options).await?;
    let market = Market::open(&server, people).await?;
    let all = ALONE + questions * (AT_ONCE.len() + 1);
    let watch = Stopwatch::start();
    let mut asked = prepared(&server, &market, people, all).await?;
    let consents = Figure::new(
        SECTION,
        "recording consents",
        all as f64 / watch.seconds(),
        "acts/s",
    );
    report.add(consents.note("one after the other, through the use case"));
    let inside = in_process(&server, &market, asked.split_off(all - questions)).await?;
    let note = "one after the other, each a durable count and a line in the access log";
    report.add(Figure::new(SECTION, "in process, without grid", inside.rate(), "per s").note(note));
    let caller = Caller::new(&server, &market)?;
    let alone = caller.ask(asked.drain(..ALONE).collect(), 1).await?;
    let (half, most) = (median(&alone.readings), quantile(&alone.readings, 0.95));
    let note = format!(
        "{} pairs; answers leave every 100 ms from the question on, by design",
        market.pairs
    );
    report.add(Figure::new(SECTION, "one after the other p50", half, "ms").note(note));
    report.add(Figure::new(SECTION, "one after the other p95", most, "ms"));
    for at_once in AT_ONCE {
        let taken = caller.ask(asked.drain(..questions).collect(), at_once).await?;
        let what = format!("{at_once} at once");
        // With nothing but the wait for the grid, each of them would be answered ten times a second.
        let note = format!(
            "{questions} questions; no more than {} by the grid alone",
            at_once * 10
        );
        let rate = Figure::new(SECTION, what.clone(), taken.rate(), "per s");
        report.add(rate.against(inside.rate(), "in process").note(note));
        let core = taken.readings.len() as f64 / taken.processor.max(1.0 / TICKS);
        let core = Figure::new(SECTION, format!("{what}, of one core"), core, "per s");
        report.add(core.note("processor time of server and client together"));
        for (name, share) in [("p50", 0.5), ("p95", 0.95)] {
            let reading = quantile(&taken.readings, share);
            report.add(Figure::new(SECTION, format!("{what} {name}"), reading, "ms"));
        }
    }
    server.stop().await
}

/// Questions about different people, each with a consent that was recorded.
async fn prepared(server: &Server, market: &Market, people: u64, count: usize) -> anyhow::Result<Vec<Asked>> {
    let mut asked = Vec::with_capacity(count);
    let step = (people / count as u64).max(1);
    for at in 0..count {
        let (identifier, name) = subject(at as u64 * step)?;
        let differs = at % DIFFERS == DIFFERS - 1;
        asked.push(Asked {
            same: u8::from(!differs),
            question: Question {
                consent: market.consent(&server.app, &identifier).await?,
                purpose: PURPOSE.to_owned(),
                attributes: vec![if differs { format!("not {name}") } else { name }],
                identifier,
            },
        });
    }
    Ok(asked)
}

/// The use case alone: without HTTP, signature and grid.
async fn in_process(server: &Server, market: &Market, asked: Vec<Asked>) -> anyhow::Result<Taken> {
    let (begun, watch) = (processor()?, Stopwatch::start());
    let mut readings = Vec::with_capacity(asked.len());
    for one in asked {
        let call = Call {
            product: market.product,
            key_id: market.key.key.key_id.clone(),
            filters: Default::default(),
            signed_at: None,
            nonce: None,
        };
        let watch = Stopwatch::start();
        let key = &market.key.key;
        let checked = server.app.check_identity(key, call, &one.question).await?;
        readings.push(watch.millis());
        ensure!(u8::from(checked.same) == one.same, "an answer was another one");
    }
    Ok(Taken {
        readings,
        seconds: watch.seconds(),
        processor: processor()? - begun,
    })
}

/// A customer with its key.
struct Caller<'a> {
    http: reqwest::Client,
    server: &'a Server,
    market: &'a Market,
    path: String,
}

impl<'a> Caller<'a> {
    fn new(server: &'a Server, market: &'a Market) -> anyhow::Result<Self> {
        Ok(Self {
            http: reqwest::Client::builder().no_proxy().build()?,
            server,
            market,
            path: format!("/open/v1/products/{}/check", market.product),
        })
    }

    /// Asks all of them, so many at once.
    async fn ask(&self, asked: Vec<Asked>, at_once: usize) -> anyhow::Result<Taken> {
        let (begun, watch) = (processor()?, Stopwatch::start());
        let numbered = asked.into_iter().enumerate();
        let answers = stream::iter(numbered.map(|(number, one)| self.one(number, at_once, one)));
        let readings: Vec<f64> = answers.buffer_unordered(at_once).try_collect().await?;
        Ok(Taken {
            readings,
            seconds: watch.seconds(),
            processor: processor()? - begun,
        })
    }

    /// Milliseconds until the answer to a question had come.
    async fn one(&self, number: usize, at_once: usize, asked: Asked) -> anyhow::Result<f64> {
        let question = asked.question;
        let body = json!({ "consent": question.consent, "purpose": question.purpose,
            "identifier": question.identifier, "attributes": question.attributes });
        let body = body.to_string();
        let credentials = Credentials {
            key_id: &self.market.key.key.key_id,
            secret: &self.market.key.secret,
        };
        let message = Message {
            method: "POST",
            path: &self.path,
            query: "",
            body: body.as_bytes(),
        };
        let nonce = format!("{at_once:08}-{:016x}", scattered(number as u64));
        let signed = sign(&credentials, &message, self.server.app.now(), &nonce);
        let mut request = self.http.post(format!("{}{}", self.server.address(), self.path));
        for (name, value) in signed.headers() {
            request = request.header(name, value);
        }
        let request = request.header("content-type", "application/json").body(body);
        let watch = Stopwatch::start();
        let response = request.send().await?;
        let status = response.status();
        let answer = response.text().await?;
        let millis = watch.millis();
        ensure!(
            status == reqwest::StatusCode::OK,
            "a check was answered {status}: {answer}"
        );
        let answer: Value = serde_json::from_str(&answer)?;
        ensure!(
            answer["same"] == asked.same,
            "an answer was another one: {answer}"
        );
        Ok(millis)
    }
}

/// Seconds of processor time that this process took so far (proc(5)): user and system.
fn processor() -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The name of the program may hold anything; what follows it does not.
    let (_, fields) = stat.rsplit_once(')').context("/proc/self/stat")?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    let ticks: Vec<f64> = ticks.collect::<Result<_, _>>()?;
    ensure!(ticks.len() == 2, "/proc/self/stat tells no times");
    Ok(ticks.iter().sum::<f64>() / TICKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_server_answers_what_is_asked_of_it() {
        let mut report = Report {
            quick: true,
            cores: 2,
            figures: Vec::new(),
            not_measured: Vec::new(),
        };
        let scratch = Scratch::new(None).expect("a folder");
        measure(&mut report, &scratch, 400, 12).await.expect("figures");
        let text = report.text();
        for what in [
            "in process, without grid",
            "one after the other p95",
            "256 at once, of one core",
        ] {
            assert!(text.contains(what), "{text}");
        }
    }
}
