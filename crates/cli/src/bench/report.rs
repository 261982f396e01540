//! What was measured, as a table for people and as JSON for programs.

use serde::Serialize;

/// One figure, with what it is compared with.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Figure {
    /// Which measurement it belongs to.
    section: &'static str,
    /// What was measured.
    what: String,
    /// The figure.
    value: f64,
    /// Its unit.
    unit: &'static str,
    /// The comparison, if there is one.
    #[serde(flatten)]
    ratio: Option<Ratio>,
    /// What one must know to read it.
    #[serde(skip_serializing_if = "String::is_empty")]
    note: String,
}

/// A figure divided by another one of the same run.
#[derive(Debug, Clone, Serialize)]
struct Ratio {
    /// This figure divided by the other.
    ratio: f64,
    /// What the other is.
    ratio_to: String,
}

impl Figure {
    /// A figure on its own.
    pub(super) fn new(
        section: &'static str,
        what: impl Into<String>,
        value: f64,
        unit: &'static str,
    ) -> Self {
        let (what, note) = (what.into(), String::new());
        Self {
            section,
            what,
            value,
            unit,
            ratio: None,
            note,
        }
    }

    /// The same, divided by another figure.
    #[must_use]
    pub(super) fn against(mut self, other: f64, name: &str) -> Self {
        if other > 0.0 {
            self.ratio = Some(Ratio {
                ratio: self.value / other,
                ratio_to: name.to_owned(),
            });
        }
        self
    }

    /// The same, with a remark.
    #[must_use]
    pub(super) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }
}

/// Everything one run measured.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Report {
    /// The small sizes.
    pub(super) quick: bool,
    /// Cores that the process may use.
    pub(super) cores: usize,
    /// The figures.
    pub(super) figures: Vec<Figure>,
    /// What was not measured, and why.
    pub(super) not_measured: Vec<String>,
}

impl Report {
    /// Adds a figure, and says so: a whole run takes long.
    pub(super) fn add(&mut self, figure: Figure) {
        let Figure {
            section,
            what,
            value,
            unit,
            ..
        } = &figure;
        tracing::info!(section, what, value, unit, "measured");
        self.figures.push(figure);
    }

    /// The table.
    pub(super) fn text(&self) -> String {
        let size = if self.quick { "quick sizes" } else { "full sizes" };
        let mut lines = vec![format!(
            "{} cores, {size}; a ratio divides the figure by the named one",
            self.cores
        )];
        let width = |cell: fn(&Figure) -> String| {
            self.figures
                .iter()
                .map(|figure| cell(figure).chars().count())
                .max()
                .unwrap_or(0)
        };
        let what = width(|figure| figure.what.clone());
        let value = width(|figure| shown(figure.value));
        let unit = width(|figure| figure.unit.to_owned());
        let ratio = width(ratio);
        let mut section = "";
        for figure in &self.figures {
            if figure.section != section {
                section = figure.section;
                lines.push(format!("\n{section}"));
            }
            let line = format!(
                "  {:<what$}  {:>value$} {:<unit$}  {:<ratio$}  {}",
                figure.what,
                shown(figure.value),
                figure.unit,
                self::ratio(figure),
                figure.note
            );
            lines.push(line.trim_end().to_owned());
        }
        for missing in &self.not_measured {
            lines.push(format!("\nnot measured: {missing}"));
        }
        lines.join("\n")
    }
}

fn ratio(figure: &Figure) -> String {
    let ratio = figure.ratio.as_ref();
    ratio.map_or_else(String::new, |ratio| {
        format!("{} x {}", shown(ratio.ratio), ratio.ratio_to)
    })
}

/// Three significant digits, whole numbers in full.
fn shown(value: f64) -> String {
    let digits = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::{Figure, Report};

    #[test]
    fn the_table_is_aligned_and_names_what_a_ratio_divides_by() {
        let figures = vec![
            Figure::new("a", "one", 1234.5, "rows/s"),
            Figure::new("a", "another", 12.0, "ms")
                .against(6.0, "one")
                .note("n = 3"),
            Figure::new("b", "nothing to compare", 0.0, "ms").against(0.0, "zero"),
        ];
        let report = Report {
            quick: true,
            cores: 2,
            figures,
            not_measured: vec!["the moon".to_owned()],
        };
        let expected = "2 cores, quick sizes; a ratio divides the figure by the named one\n\
            \na\n  one                  1234 rows/s\n  another              12.0 ms      2.00 x one  n = 3\n\
            \nb\n  nothing to compare  0.000 ms\n\nnot measured: the moon";
        assert_eq!(report.text(), expected);
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["figures"][1]["ratio"], 2.0);
        assert_eq!(json["figures"][1]["ratio_to"], "one");
        assert!(json["figures"][2].get("ratio").is_none());
    }
}
