//! `equivalents.toml`: arguments for changes that nobody can notice.

use shuyu_profile::{ProfileSource, equivalent::equivalents};

/// The arguments for changes that nobody can notice: none is fine, a faulty file is named with its line.
#[test]
fn arguments_for_equivalents_are_read() {
    let file = |text: &str| equivalents(&ProfileSource::new("x").with("equivalents.toml", text));
    let one = "[[equivalent]]\nprocedure = \"p\"\nof = \"a\"\nchange = \"drop act a\"\nbecause = \"b\"\n";
    assert_eq!(equivalents(&ProfileSource::new("x")), Ok(Vec::new()));
    assert_eq!(file(one).unwrap()[0].change, "drop act a");
    for (text, message) in [
        (
            format!("{one}why = \"c\"\n"),
            "x/equivalents.toml:6: unknown field `why`",
        ),
        (
            one.replace("because = \"b\"\n", ""),
            "x/equivalents.toml:1: missing field `because`",
        ),
        (
            one.replace("\"b\"", "\" \""),
            "x/equivalents.toml:0: p a: `because` is empty",
        ),
    ] {
        let found = file(&text).unwrap_err();
        assert!(found[0].to_string().starts_with(message), "{found:?}");
    }
}
