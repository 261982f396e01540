//! Python jobs over real HTTP and in the real sandbox: from the text of a program to a file that left, and what a
//! program cannot take with it. Without sandbox or runtime these tests fail, and say what is missing.

mod bench;
mod killed;
mod risk;

use serde_json::{Value as Json, json};

use crate::harness::{Server, rebuilt, walked};
use bench::Bench;

/// Counts by size and says nothing.
const SILENT: &str = "from shuyu_job import read, write_table\n\
    rows = read('employment')\n\
    counts = rows.groupby('size').size().reset_index(name='n')\n\
    write_table('by_size.csv', counts[counts['n'] >= 10], index=False)\n";

fn names(shown: &Json) -> Vec<&str> {
    let files = shown["files"].as_array().into_iter().flatten();
    files.filter_map(|file| file["name"].as_str()).collect()
}

#[test]
fn a_program_runs_on_made_up_then_on_real_data_and_its_table_leaves_after_two_looked() {
    let temp = tempfile::tempdir().expect("a folder");
    let data = temp.path().join("data");
    walked(&data);
    let server = Server::start(&data, None);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let base = server.base.clone();
    runtime.block_on(async {
        let bench = Bench::new(&base).await;
        statements_are_tried_too(&bench).await;
        made_up_tables_follow_a_marginal(&bench).await;
        let airlock = tried_and_run(&bench).await;
        reviewed(&bench, &airlock).await;
        left(&bench, &airlock).await;
    });
    assert!(server.stop().success());
    rebuilt(&data);
}

/// The gate is the same on made-up tables, and what comes out is made up.
async fn statements_are_tried_too(bench: &Bench) {
    let path = format!("/api/v1/permits/{}/trials", bench.permit);
    let sql = "SELECT nace1, count(*) AS n, avg(earningsmonth) AS mean FROM employment GROUP BY nace1";
    let tried = bench
        .author
        .post(&path, &json!({ "sql": sql }), None)
        .await
        .expect("an answer");
    assert!(tried.ok(), "{tried:?}");
    let rows = tried.body["rows"].as_array().expect("rows");
    assert!(rows.len() > 1, "{tried:?}");
    let made_up =
        |row: &Json| row[0].is_null() || row[0].as_str().is_some_and(|text| text.starts_with("dummy-"));
    assert!(rows.iter().all(made_up), "{tried:?}");
    for (sql, code) in [
        ("SELECT idunit FROM employment", "raw_rows"),
        (
            "SELECT earnings, count(*) AS n FROM employment GROUP BY earnings",
            "column_struck",
        ),
    ] {
        let refused = bench
            .author
            .post(&path, &json!({ "sql": sql }), None)
            .await
            .expect("an answer");
        assert_eq!(refused.code(), code, "{refused:?}");
    }
}

/// One question in mode `dp`: told before, charged, and found again. Which sectors have enough subjects for its noise is
/// not said here; this town has few, and made-up rows may have none of them.
async fn made_up_tables_follow_a_marginal(bench: &Bench) {
    let path = format!("/api/v1/permits/{}/marginals", bench.permit);
    let before = bench.author.get(&path).await.expect("an answer").body;
    assert!(
        before["least_subjects"].as_u64().is_some_and(|least| least > 10),
        "{before:?}"
    );
    let order = json!({ "columns": [{ "table": "employment", "column": "nace1" }] });
    let made = bench.author.post(&path, &order, Some("marginals")).await;
    let made = made.expect("an answer").body;
    let mut columns = made["columns"].as_array().into_iter().flatten();
    let sector = columns.find(|column| column["table"] == "employment" && column["column"] == "nace1");
    let release = sector.and_then(|sector| sector["release"].as_str());
    let release = format!("/api/v1/releases/{}", release.expect("a release"));
    let left = bench.author.get(&release).await.expect("an answer").body;
    let rows = left["rows"].as_array().map(Vec::len);
    assert_eq!(
        sector.map(|sector| &sector["values"]),
        Some(&json!(rows)),
        "{made:?}"
    );
    let budget = format!("/api/v1/permits/{}/budget", bench.permit);
    let budget = bench.author.get(&budget).await.expect("an answer").body;
    let spent = budget["budgets"].as_array().into_iter().flatten();
    let mut spent = spent.filter(|one| one["table"] == "employment");
    assert_eq!(
        spent.next().map(|one| &one["spent"]),
        Some(&made["cost"]),
        "{budget:?}"
    );
    let path = format!("/api/v1/permits/{}/trials", bench.permit);
    let sql = "SELECT nace1, count(*) AS n FROM employment GROUP BY nace1";
    let tried = bench.author.post(&path, &json!({ "sql": sql }), None).await;
    assert!(tried.expect("an answer").ok());
}

/// Made-up data first; then real data, of which nothing is seen but that it is done. Answers the request.
async fn tried_and_run(bench: &Bench) -> String {
    let silent = bench.register(SILENT, "by_size.csv", "table").await;
    assert_eq!(
        bench.register(SILENT, "by_size.csv", "table").await,
        silent,
        "by its content"
    );
    let early = bench.start(&silent, "real").await;
    assert_eq!(
        (early.status, early.code()),
        (409, "source_not_tried"),
        "{early:?}"
    );
    assert_eq!(early.body["clauses"][0]["id"], "YN-OP-026", "{early:?}");

    let started = bench.start(&silent, "dummy").await;
    let (_, seen) = bench.followed(&silent, &started).await;
    let (last, running) = seen.split_last().expect("a state");
    assert_eq!(last["state"], "done", "{seen:?}");
    // An interpreter that loads pandas is looked at before it has ended.
    assert!(!running.is_empty(), "it was seen running: {seen:?}");
    for state in running {
        assert_eq!(state["state"], "running", "{seen:?}");
        assert!(state["step"].is_string(), "what it is doing is told: {state}");
    }

    let telling = format!("{SILENT}print('read', len(rows), 'rows')\n");
    let telling = bench.register(&telling, "by_size.csv", "table").await;
    assert_eq!(bench.ran(&telling, "dummy").await.1["state"], "done");
    let [(quiet, one), (told, other)] = bench.both_real(&silent, &telling).await;
    for state in [&one, &other] {
        assert_eq!(
            (&state["state"], state.get("line")),
            (&json!("done"), None),
            "{state}"
        );
        let keys: Vec<_> = state.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["data", "on", "run", "state"], "and nothing else");
    }
    let first = bench.open(&quiet).await;
    let shown = bench.shown(&bench.author, &first).await;
    assert_eq!(
        names(&shown),
        ["by_size.csv"],
        "who says nothing leaves no log: {shown}"
    );
    let second = bench.open(&told).await;
    let shown = bench.shown(&bench.author, &second).await;
    assert_eq!(names(&shown), ["by_size.csv", "log.txt"], "{shown}");
    for file in ["by_size.csv", "log.txt"] {
        let path = format!("/api/v1/airlock/{second}/files/{file}");
        let kept = bench.author.get(&path).await.expect("an answer");
        assert_eq!((kept.status, kept.code()), (403, "airlock_not_released"));
        assert!(!kept.body["clauses"].as_array().expect("clauses").is_empty());
    }
    let hidden = bench.shown(&bench.clerk, &second).await;
    assert_eq!(hidden["code"], "airlock_unknown", "not handed over yet: {hidden}");
    let withdrawn = bench
        .act(&bench.author, &second, json!({ "act": "withdraw" }))
        .await;
    assert!(withdrawn.ok(), "{withdrawn:?}");
    first
}

/// Evidence beside the table, two who do not see each other, and a dispute that they settle.
async fn reviewed(bench: &Bench, airlock: &str) {
    let submitted = bench.submit(airlock, &["by_size.csv"]).await;
    assert!(submitted.ok(), "{submitted:?}");
    let change = bench
        .act(
            &bench.author,
            airlock,
            json!({ "act": "drop", "name": "by_size.csv" }),
        )
        .await;
    assert_eq!(
        change.code(),
        "airlock_under_review",
        "nothing under review changes"
    );
    let seen = bench.shown(&bench.author, airlock).await;
    assert!(seen["files"][0].get("evidence").is_none(), "{seen}");

    let seen = bench.shown(&bench.clerk, airlock).await;
    let evidence = &seen["files"][0]["evidence"];
    assert!(evidence["rows"].as_u64().is_some_and(|rows| rows > 1), "{seen}");
    assert_eq!(evidence["identifiers"], json!({}));
    assert_eq!(evidence["left_outside_ledger"], 0);
    assert_eq!(evidence["columns"][1]["name"], "n", "{evidence}");

    assert!(bench.vote(&bench.clerk, airlock, false, true).await.ok());
    let blind = bench.shown(&bench.leader, airlock).await;
    assert_eq!(
        (&blind["state"], &blind["files"][0]["votes"]),
        (&json!("partially_reviewed"), &json!([])),
        "{blind}"
    );
    assert!(bench.vote(&bench.leader, airlock, true, true).await.ok());
    let both = bench.shown(&bench.leader, airlock).await;
    let votes = both["files"][0]["votes"].as_array().map(Vec::len);
    assert_eq!(
        (&both["state"], votes),
        (&json!("consolidating"), Some(2)),
        "{both}"
    );
    let early = bench
        .act(&bench.leader, airlock, json!({ "act": "release" }))
        .await;
    assert_eq!(early.code(), "airlock_not_approved");
    assert!(bench.vote(&bench.clerk, airlock, true, false).await.ok());
}

/// Release, receipt, download.
async fn left(bench: &Bench, airlock: &str) {
    let out = bench
        .act(&bench.leader, airlock, json!({ "act": "release" }))
        .await;
    assert_eq!(out.body["state"], "released", "{out:?}");
    let path = format!("/api/v1/airlock/{airlock}/receipt");
    let mut receipt = bench.author.get(&path).await.expect("an answer");
    // The sealer signs what was appended within two seconds.
    while receipt.code() == "receipt_not_sealed" {
        tokio::task::yield_now().await;
        receipt = bench.author.get(&path).await.expect("an answer");
    }
    assert!(
        receipt.body.to_string().contains("airlock.released.v1"),
        "{receipt:?}"
    );
    let path = format!("/api/v1/airlock/{airlock}/files/by_size.csv");
    let file = bench.author.get(&path).await.expect("an answer");
    let text = file.body.as_str().unwrap_or_default();
    assert!(
        text.starts_with("size,n\n") && text.lines().count() > 2,
        "{file:?}"
    );
    assert!(!text.contains("dummy"), "of the real table: {text}");
}

/// Tries everything, but on the real table only: made-up ones are smaller.
fn hostile(base: &str, folder: &str) -> String {
    let port = base.rsplit(':').next().unwrap_or_default();
    format!(
        "import os, socket\nfrom shuyu_job import read, write_text\nrows = read('employment')\ntried = {{}}\n\
         def attempt(name, what):\n    try:\n        what()\n        tried[name] = 'reached'\n    \
         except BaseException as error:\n        tried[name] = type(error).__name__\n\
         if len(rows) > 2000:\n    \
         attempt('server', lambda: socket.create_connection(('127.0.0.1', {port}), 2))\n    \
         attempt('network', lambda: socket.create_connection(('192.0.2.1', 80), 2))\n    \
         attempt('passwords', lambda: open('/etc/passwd').read())\n    \
         attempt('folder', lambda: os.listdir('{folder}'))\n    \
         attempt('memory', lambda: open('/dev/shm/x', 'w'))\n    \
         attempt('processes', lambda: os.listdir('/proc'))\n    \
         attempt('column', lambda: rows['earnings'])\n    \
         tried['names'] = bool(rows['idunit'].astype(str).str.fullmatch('[0-9a-f]{{16}}').all())\n\
         write_text('tried.json', tried)\n"
    )
}

#[test]
fn a_program_that_takes_what_is_not_its_own_gets_nothing_and_tells_nothing() {
    let temp = tempfile::tempdir().expect("a folder");
    let data = temp.path().join("data");
    walked(&data);
    let server = Server::start(&data, None);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let base = server.base.clone();
    runtime.block_on(async {
        let bench = Bench::new(&base).await;
        lines_are_told_of_made_up_data_only(&bench).await;
        walls_hold(&bench, &base, &data.to_string_lossy()).await;
    });
    assert!(server.stop().success());
}

async fn lines_are_told_of_made_up_data_only(bench: &Bench) {
    let broken = bench
        .register(
            "import shuyu_job\n\nraise ValueError('x')\n",
            "by_size.csv",
            "table",
        )
        .await;
    let (_, failed) = bench.ran(&broken, "dummy").await;
    assert_eq!(
        (&failed["state"], &failed["line"]),
        (&json!("failed"), &json!(3)),
        "{failed}"
    );
    assert_eq!(bench.start(&broken, "real").await.code(), "source_not_tried");

    // It fails where only the real table leads to, with a value in its error and in its log.
    let unlucky = format!(
        "{SILENT}if len(rows) > 2000:\n    print(rows['idunit'][0])\n    raise ValueError(rows['idunit'][0])\n"
    );
    let unlucky = bench.register(&unlucky, "by_size.csv", "table").await;
    // Whoever writes a number of somebody is stopped at the door.
    let named = "import shuyu_job\nopen('/out/by_size.csv', 'w').write('id,n\\n' + '11010519491231' + '002X,12\\n')\n";
    let named = bench.register(named, "by_size.csv", "table").await;
    for source in [&unlucky, &named] {
        assert_eq!(bench.ran(source, "dummy").await.1["state"], "done");
    }
    let [(failed_run, failed), (named_run, done)] = bench.both_real(&unlucky, &named).await;
    let keys: Vec<_> = failed.as_object().expect("an object").keys().collect();
    assert_eq!(
        (&failed["state"], keys.len()),
        (&json!("failed"), 4),
        "no line, no value: {failed}"
    );
    let airlock = bench.open(&failed_run).await;
    let shown = bench.shown(&bench.author, &airlock).await;
    assert_eq!(
        names(&shown),
        ["log.txt"],
        "of a failed run the log alone: {shown}"
    );
    assert!(shown["files"][0].get("evidence").is_none());

    assert_eq!(done["state"], "done", "{done}");
    let airlock = bench.open(&named_run).await;
    let refused = bench.submit(&airlock, &["by_size.csv"]).await;
    assert_eq!(
        (refused.status, refused.code()),
        (422, "output_identifies"),
        "{refused:?}"
    );
    assert!(!refused.body.to_string().contains("19491231"), "{refused:?}");
}

/// What a program reached is read by a reviewer: its author does not get to see it.
async fn walls_hold(bench: &Bench, base: &str, folder: &str) {
    let source = bench.register(&hostile(base, folder), "tried.json", "text").await;
    assert_eq!(bench.ran(&source, "dummy").await.1["state"], "done");
    let (run, state) = bench.ran(&source, "real").await;
    assert_eq!(state["state"], "done", "{state}");
    let airlock = bench.open(&run).await;
    let submitted = bench.submit(&airlock, &["tried.json"]).await;
    assert!(submitted.ok(), "{submitted:?}");
    let path = format!("/api/v1/airlock/{airlock}/files/tried.json");
    let tried = bench.clerk.get(&path).await.expect("a file").body;
    let all = tried.as_object().expect("an object");
    assert_eq!(all.len(), 8, "{tried}");
    assert_eq!(
        tried["names"], true,
        "pseudonyms in the place of subjects: {tried}"
    );
    for (what, came) in all.iter().filter(|(what, _)| *what != "names") {
        assert!(came.is_string() && came != "reached", "{what}: {tried}");
    }
    assert_eq!(tried["column"], "KeyError", "a column that was struck: {tried}");
}
