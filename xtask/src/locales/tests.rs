use super::*;
use crate::rust_source::test_files;

const ZH: &str = "crates/web/locales/zh-CN/a.ftl";
const EN: &str = "crates/web/locales/en/a.ftl";

fn run(files: &[(&str, &str)]) -> Vec<String> {
    let tree = Tree::of(files);
    let rust = tree.under("", ".rs");
    let sources: BTreeMap<String, RustSource> = rust
        .map(|(path, text)| (path.to_owned(), RustSource::parse(text).unwrap()))
        .collect();
    let tests = test_files(&tree, &sources);
    check(&tree, &sources, &tests)
        .into_iter()
        .map(|finding| format!("{} {}", finding.place, finding.what))
        .collect()
}

/// Both languages hold these lines, and the page asks for `title`.
fn with(zh: &str, en: &str, more: &[(&str, &str)]) -> Vec<String> {
    let zh = format!("title = 数域\n{zh}");
    let en = format!("title = Shuyu\n{en}");
    let page = ("crates/web/templates/a.html", "<h1 title=\"{{ t(\"title\") }}\">");
    let mut files = vec![(ZH, zh.as_str()), (EN, en.as_str()), page];
    files.extend_from_slice(more);
    run(&files)
}

#[test]
fn agreement_has_no_findings() {
    let zh = "act-sign = 签\nnote = { title } { $n } { NUMBER($m) }\n";
    let en = "act-sign = Sign\nnote = { $m ->\n    [one] { $n }\n   *[other] x\n }\n";
    let code = ("crates/web/src/a.rs", "fn f() { words.t(\"note\"); }");
    assert_eq!(with(zh, en, &[code]), [] as [&str; 0]);
}

#[test]
fn keys_and_arguments_must_agree() {
    let asked = ("crates/web/src/a.rs", "fn f() { t(\"one\"); }");
    assert_eq!(
        with("one = 一\n", "", &[asked]),
        [format!("{ZH}:2 `one` is missing in en")]
    );
    let found = with("one = { $a }\n", "one = { $b }\n", &[asked]);
    assert_eq!(found, [format!("{EN}:2 `one` takes (b) in en and (a) in zh-CN")]);
    let found = with("one = 一\none = 壹\n", "one = 1\n", &[asked]);
    assert!(found[0].contains("stands already at"), "{found:?}");
    let found = with("one = { gone }\n", "one = 1\n", &[asked]);
    assert_eq!(
        found,
        [format!(
            "{FOLDER} a message refers to `gone`, which does not exist"
        )]
    );
}

#[test]
fn a_file_that_is_not_fluent_is_found() {
    let found = with("one = { $a\n", "", &[]);
    assert!(found[0].starts_with(&format!("{ZH}:")), "{found:?}");
    assert_eq!(run(&[]).len(), 2, "both languages are missing");
}

#[test]
fn keys_asked_for_must_exist() {
    let cases = [
        ("crates/web/templates/b.html", "{{ t(\"gone\") }}"),
        ("crates/web/templates/b.html", "{{ words.tr( \"gone\", n) }}"),
        ("crates/web/templates/b.html", "{{ \"gone\"|t }}"),
        ("crates/web/src/b.rs", "fn f() { tr(\"gone\", &[]); }"),
    ];
    for case in cases {
        let found = with("", "", &[case]);
        assert_eq!(
            found,
            [format!(
                "{}:1 asks for the message `gone`, which does not exist",
                case.0
            )]
        );
    }
    let fine = [
        (
            "crates/web/templates/b.html",
            "{{ format(\"gone\") }} {{ art(\"gone\") }} \"gone\"|trim",
        ),
        (
            "crates/web/src/b.rs",
            "#[cfg(test)] mod tests { fn f() { t(\"gone\"); } }",
        ),
        ("crates/web/tests/b.rs", "fn f() { t(\"gone\"); }"),
    ];
    for case in fine {
        assert_eq!(with("", "", &[case]), [] as [&str; 0], "{case:?}");
    }
}

#[test]
fn every_refusal_has_its_two_messages() {
    let code = "fn f() { Refusal::unmet(\"too_late\").fact(\"by\", 3); }";
    let found = with("", "", &[("crates/domain/src/a.rs", code)]);
    let expected = "refuses with `too_late`: no message `refusal-too-late`, `refusal-too-late-way-out`";
    assert_eq!(found, [format!("crates/domain/src/a.rs:1 {expected}")]);
    let words = "refusal-too-late = x\nrefusal-too-late-way-out = y\n";
    let makers = [
        code,
        "fn f() { Refusal::new(RefusalKind::Limited, \"too_late\"); }",
        "const LATE: &str = \"too_late\"; fn f() { Refusal::conflict(LATE); }",
        "fn f() { refuse(\"too_late\"); }",
    ];
    for maker in makers {
        assert_eq!(
            with(words, words, &[("crates/domain/src/a.rs", maker)]),
            [] as [&str; 0],
            "{maker}"
        );
    }
    assert_eq!(
        with(words, words, &[]).len(),
        2,
        "messages of a code that is gone are stale"
    );
}

#[test]
fn a_constant_of_another_file_is_followed() {
    let here = (
        "crates/app/src/a.rs",
        "fn f() { Refusal::limited(code::TOO_MANY); }",
    );
    let there = (
        "crates/app/src/code.rs",
        "pub const TOO_MANY: &str = \"too_many\";",
    );
    let found = with("", "", &[here, there]);
    assert!(found[0].contains("refuses with `too_many`"), "{found:?}");
}

#[test]
fn a_code_is_snake_case() {
    let found = with(
        "",
        "",
        &[(
            "crates/app/src/a.rs",
            "fn f() { Refusal::limited(\"Too-Many\"); }",
        )],
    );
    assert!(found[0].contains("is not snake_case"), "{found:?}");
}

#[test]
fn unused_keys_are_found_unless_their_family_is_computed() {
    let words = "one = x\n";
    assert_eq!(
        with(words, words, &[]),
        [format!("{ZH}:2 nothing asks for `one`")]
    );
    let words = "colour-red = x\n";
    let family = (
        "crates/web/src/a.rs",
        "fn f() { t(&format!(\"colour-{name}\")); }",
    );
    let table = ("crates/web/src/a.rs", "const MENU: [&str; 1] = [\"colour-red\"];");
    for used in [family, table] {
        let found = with(words, words, &[used]);
        let unused = found
            .iter()
            .filter(|finding| finding.contains("nothing asks"))
            .count();
        assert_eq!(unused, 0, "{found:?}");
    }
}

#[test]
fn codes_of_a_profile_need_words_too() {
    let procedure =
        "[[stage.act.guard]]\nrule = \"r\"\ncode = \"term_too_long\"\n[[division]]\ncode = \"530000\"\n";
    let found = with("", "", &[("profiles/x/procedures/a.toml", procedure)]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("profiles/x/procedures/a.toml:3 refuses with `term_too_long`"),
        "{found:?}"
    );
    let words = "refusal-term-too-long = x\nrefusal-term-too-long-way-out = y\n";
    assert_eq!(
        with(words, words, &[("profiles/x/procedures/a.toml", procedure)]),
        [] as [&str; 0]
    );
}

#[test]
fn codes_out_of_a_function_need_words_unless_they_name_something_else() {
    let file = "fn code(&self) -> &str { match self { A => \"seal_broken\", B => \"step_done\" } }
        fn f() { Refusal::unmet(error.code()); } fn words() { tr(\"step-done\"); }";
    let found = with(
        "step-done = x\n",
        "step-done = x\n",
        &[("crates/ledger/src/a.rs", file)],
    );
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("refuses with `seal_broken`"), "{found:?}");
    let elsewhere = "fn code(&self) -> &str { \"seal_broken\" }";
    assert_eq!(
        with("", "", &[("crates/ledger/src/a.rs", elsewhere)]),
        [] as [&str; 0]
    );
}
