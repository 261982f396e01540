//! Changed rules over a walked world: what they would move, and moving one case there by an event.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use crate::harness::{Client, Server, copy, rebuilt, shuyu, walked};

/// Yunnan's rules with emergency drills every half year instead of every year.
fn changed(place: &Path) -> PathBuf {
    std::fs::create_dir_all(place).expect("a folder for the rules");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles");
    for name in ["cn-base", "yunnan"] {
        copy(&shipped.join(name), &place.join(name));
    }
    let duties = place.join("yunnan/duties.toml");
    let text = std::fs::read_to_string(&duties).expect("duties");
    let (before, drill) = text.split_once("id = \"drill\"").expect("the duty to drill");
    let drill = drill.replacen("every = \"1 year\"", "every = \"6 month\"", 1);
    std::fs::write(&duties, format!("{before}id = \"drill\"{drill}")).expect("duties");
    place.join("yunnan")
}

fn rehearsed(rules: &str, data: &Path) -> Json {
    let output = shuyu()
        .args(["law", "rehearse", rules, "--against"])
        .arg(data)
        .arg("--json")
        .output()
        .expect("the command runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("one document")
}

#[test]
fn changed_rules_are_rehearsed_and_a_case_moves_by_an_event() {
    let temp = tempfile::tempdir().expect("a folder");
    let data = temp.path().join("data");
    walked(&data);
    let nothing = rehearsed("yunnan", &data);
    assert!(
        nothing["open"].as_u64().is_some_and(|open| open > 10),
        "{nothing}"
    );
    assert_eq!(nothing["moved"], json!([]), "the same rules move nothing");

    let rules = changed(&temp.path().join("rules"));
    let found = rehearsed(&rules.to_string_lossy(), &data);
    let moved = found["moved"].as_array().expect("a list");
    assert_eq!(
        moved.len(),
        1,
        "only the agreement in force owes a drill: {found}"
    );
    let (case, dates) = (&moved[0], &moved[0]["dates"]);
    assert_eq!(case["procedure"], "operator_agreement");
    assert_eq!(dates.as_array().map(Vec::len), Some(1), "{found}");
    assert_eq!(
        (&dates[0]["clock"], &dates[0]["running"]),
        (&json!("drill"), &json!(true))
    );
    assert_eq!(case["outcomes"], json!([]));
    let (before, after) = (text(&dates[0]["before"]), text(&dates[0]["after"]));
    assert!(after < before, "{found}");

    let server = Server::start_with(&data, &["--rules", &rules.to_string_lossy()]);
    let id = text(&case["case"]);
    tokio::runtime::Runtime::new()
        .expect("a runtime")
        .block_on(moves(&server.base, &id, &before, &after));
    assert!(server.stop().success());
    let again = rehearsed(&rules.to_string_lossy(), &data);
    assert_eq!(again["moved"], json!([]), "it has moved");
    of_another_place(&data);
    coverage_names_real_cases(&data);
    rebuilt(&data);
}

/// Rules of another province are no changed rules: nothing is rehearsed under them.
fn of_another_place(data: &Path) {
    let output = shuyu()
        .args(["law", "rehearse", "jilin", "--against"])
        .arg(data)
        .output()
        .expect("the command runs");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{error}");
    assert!(
        error.contains("the rules are of jilin") && error.contains("are of yunnan"),
        "{error}"
    );
}

/// The page of coverage, with and without a folder of cases: a clause's screen, and the last case it was at work in.
fn coverage_names_real_cases(data: &Path) {
    let file = data.with_extension("html");
    let page = |against: &[&std::ffi::OsStr]| {
        let output = shuyu()
            .args(["law", "coverage", "--profile", "yunnan", "--html"])
            .arg(&file)
            .args(against)
            .output();
        let output = output.expect("the command runs");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{error}");
        std::fs::read_to_string(&file).expect("the page")
    };
    let row = |page: &str, clause: &str| {
        let start = page.find(&format!("<code>{clause}</code>")).expect("the clause");
        let rest = &page[start..];
        rest[..rest.find("<tr").unwrap_or(rest.len())].to_owned()
    };
    let (bare, real) = (page(&[]), page(&["--against".as_ref(), data.as_os_str()]));
    for (clause, what) in [
        ("YN-DM-042", "act"),
        ("YN-OP-065", "clock"),
        ("YN-OP-129", "refusal"),
    ] {
        let (bare, real) = (row(&bare, clause), row(&real, clause));
        assert!(bare.contains("/cases/{"), "the screen of the rule: {bare}");
        assert!(bare.ends_with("<td>"), "no folder, no case: {bare}");
        let last = real.strip_prefix(&bare).unwrap_or_default();
        assert!(
            last.starts_with("滇数") && last.trim_end().ends_with(&format!("({what})")),
            "{clause}: {last}"
        );
    }
}

fn text(value: &Json) -> String {
    value.as_str().expect("a text").to_owned()
}

async fn moves(base: &str, id: &str, before: &str, after: &str) {
    let drill = |view: &Json| {
        let clocks = view["clocks"].as_array().expect("clocks").clone();
        let drill = clocks.iter().find(|clock| clock["clock"] == "drill");
        text(&drill.expect("the drill")["due"])
    };
    let address = format!("/api/v1/cases/{id}");
    let operator = Client::sign_in(base, "op_manager").await.expect("sign-in");
    let shown = operator.get(&address).await.expect("the case");
    assert_eq!(
        drill(&shown.body),
        before,
        "loading other rules moves nothing: {shown:?}"
    );
    let told = operator.get(&format!("{address}/version")).await.expect("told");
    assert_eq!(text(&told.body["dates"][0]["after"]), after);
    let order = json!({ "reason": "省里改为半年一练，双方同意照办" });
    let refused = operator
        .post(&format!("{address}/version"), &order, None)
        .await
        .expect("answer");
    assert_eq!(refused.code(), "move_not_for_role", "{refused:?}");

    let authority = Client::sign_in(base, "zsjj_clerk").await.expect("sign-in");
    let silent = authority
        .post(&format!("{address}/version"), &json!({ "reason": " " }), None)
        .await
        .expect("answer");
    assert_eq!(silent.code(), "move_reason_missing", "{silent:?}");
    for _ in 0..2 {
        let moved = authority
            .post(&format!("{address}/version"), &order, Some("move-1"))
            .await
            .expect("answer");
        assert!(moved.ok(), "the same key gives the same answer: {moved:?}");
    }
    let shown = operator.get(&address).await.expect("the case");
    assert_eq!(drill(&shown.body), after, "{shown:?}");
    let twice = authority
        .post(&format!("{address}/version"), &order, None)
        .await
        .expect("answer");
    assert_eq!(twice.code(), "case_under_these_rules", "{twice:?}");
}
