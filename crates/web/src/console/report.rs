//! A quality report on a page: what breaks which rule where, and everything else as path and value.

use serde_json::Value;

use crate::page::{Frame, parts::Labelled};

/// Most lines of a report on the page.
const REPORT_LINES: usize = 500;

/// One rule broken in one column.
pub(crate) struct Finding {
    /// Column.
    pub column: String,
    /// The rule in words.
    pub rule: String,
    /// How many rows break it.
    pub count: u64,
    /// Lines of the first of them in the file.
    pub lines: String,
}

/// What was found, in words; warnings about the whole file first.
pub(crate) fn findings(frame: &Frame, report: &Value) -> Vec<Finding> {
    let list = |name: &str| {
        report
            .get(name)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let text = |value: &Value, name: &str| {
        value
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let word = |kind: &str, code: String| frame.t(&format!("{kind}-{}", code.replace('_', "-")));
    let warnings = list("warnings").into_iter().map(|warning| Finding {
        column: String::new(),
        rule: word("rule", text(&warning, "warning")),
        count: 1,
        lines: String::new(),
    });
    let broken = list("findings").into_iter().map(|finding| {
        let first = finding
            .get("first")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let lines = first.iter().filter_map(|row| row.get("line")).map(plain);
        Finding {
            column: text(&finding, "column"),
            rule: word("rule", text(&finding, "rule")),
            count: finding.get("count").and_then(Value::as_u64).unwrap_or(0),
            lines: lines.collect::<Vec<_>>().join(", "),
        }
    });
    warnings.chain(broken).collect()
}

/// A report as path and value, one line each.
pub(crate) fn lines(report: &Value) -> Vec<Labelled> {
    let mut lines = Vec::new();
    flatten("", report, &mut lines);
    lines.truncate(REPORT_LINES);
    lines
}

fn flatten(path: &str, value: &Value, lines: &mut Vec<Labelled>) {
    let below = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    let line = |text: String| Labelled {
        label: path.to_owned(),
        text,
        ..Labelled::default()
    };
    match value {
        Value::Null => {}
        Value::Object(map) => map
            .iter()
            .for_each(|(name, inner)| flatten(&below(name), inner, lines)),
        Value::Array(list) if list.iter().all(|inner| !inner.is_object() && !inner.is_array()) => {
            lines.push(line(list.iter().map(plain).collect::<Vec<_>>().join(", ")));
        }
        Value::Array(list) => {
            list.iter()
                .enumerate()
                .for_each(|(at, inner)| flatten(&below(&(at + 1).to_string()), inner, lines));
        }
        other => lines.push(line(plain(other))),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn a_report_reads_as_path_and_value() {
        let report = serde_json::json!([{"rows": 3, "columns": [{"name": "a", "missing": [1, 2]}]}, null]);
        let lines: Vec<(String, String)> = lines(&report).into_iter().map(|l| (l.label, l.text)).collect();
        let wanted = [
            ("1.columns.1.missing", "1, 2"),
            ("1.columns.1.name", "a"),
            ("1.rows", "3"),
        ];
        assert_eq!(
            lines,
            wanted.map(|(path, text)| (path.to_owned(), text.to_owned()))
        );
    }
}
