//! The words of the report: titles, names of figures, explanations. Composed from messages, never written here.

use shuyu_app::report::{Figure, FigureKind, Report, Row, sum};
use shuyu_profile::Profile;

use crate::page::Frame;

/// Case numbers named in an explanation; the rows hold them all. Platform choice.
const NAMED: usize = 5;

/// The words of a report in the language of the page.
pub(super) struct Words<'a> {
    /// Frame.
    pub(super) frame: &'a Frame,
    profile: &'a Profile,
}

impl<'a> Words<'a> {
    /// Words in the language of the frame, with titles of this profile.
    pub(super) fn of(frame: &'a Frame, profile: &'a Profile) -> Self {
        Self { frame, profile }
    }

    /// The title: jurisdiction and month.
    pub(super) fn title(&self, report: &Report) -> String {
        let place = self.frame.jurisdiction.clone();
        self.frame.tr(
            "report-title",
            &[("place", place), ("month", report.month.to_string())],
        )
    }

    /// Period, and whose cases.
    pub(super) fn lead(&self, report: &Report) -> String {
        let key = if report.all {
            "report-lead-all"
        } else {
            "report-lead-own"
        };
        let days = [
            ("from", report.month.first().to_string()),
            ("to", report.until.to_string()),
        ];
        self.frame.tr(key, &days)
    }

    /// Name of a figure.
    pub(super) fn kind(&self, kind: FigureKind) -> String {
        self.frame.t(&format!("report-figure-{}", kind.word()))
    }

    /// Title of a procedure; for figures by day the words for all of them.
    pub(super) fn procedure(&self, id: &str) -> String {
        if id.is_empty() {
            return self.frame.t("report-by-day");
        }
        let rules = self.profile.procedure(id);
        rules
            .map_or(id, |rules| self.frame.pick(&rules.title, &rules.title_en))
            .to_owned()
    }

    /// Title of an act or a clock of a procedure.
    pub(super) fn what(&self, procedure: &str, what: &str) -> String {
        if what == "open" {
            return self.frame.t("report-act-open");
        }
        let rules = self.profile.procedure(procedure);
        let act = rules.and_then(|rules| rules.act(what));
        let clock = rules.and_then(|rules| rules.clock(what));
        match (act, clock) {
            (Some(act), _) => self.frame.pick(&act.title, &act.title_en).to_owned(),
            (None, Some(clock)) => self.frame.pick(&clock.title, &clock.title_en).to_owned(),
            (None, None) => what.to_owned(),
        }
    }

    /// The difference with its sign.
    pub(super) fn difference(&self, n: i64) -> String {
        match n {
            0 => self.frame.t("report-same"),
            n if n > 0 => format!("+{n}"),
            n => format!("\u{2212}{}", n.unsigned_abs()),
        }
    }

    /// The first case numbers of rows, and that there are more.
    pub(super) fn numbers(&self, rows: &[&Row]) -> String {
        let mut numbers: Vec<&str> = rows.iter().map(|row| row.number.as_str()).collect();
        numbers.dedup();
        let all = numbers.len();
        numbers.truncate(NAMED);
        let named = numbers.join(&self.frame.t("list-joint"));
        if all > NAMED {
            self.frame.tr("report-and-more", &[("numbers", named)])
        } else {
            named
        }
    }

    /// A paragraph about the figures of a kind: this month, last month, what came and what went.
    pub(super) fn explained(&self, kind: FigureKind, figures: &[&Figure]) -> String {
        let value: i64 = figures.iter().map(|figure| figure.value()).sum();
        let last: i64 = figures.iter().map(|figure| figure.last()).sum();
        let (more, key) = match value - last {
            0 => (0, "report-explained-same"),
            n if n > 0 => (n, "report-explained-more"),
            n => (-n, "report-explained-less"),
        };
        let mut text = self.frame.tr(
            key,
            &[
                ("label", self.kind(kind)),
                ("value", value.to_string()),
                ("last", last.to_string()),
                ("n", more.to_string()),
            ],
        );
        let came: Vec<&Row> = figures.iter().flat_map(|figure| figure.came()).collect();
        let went: Vec<&Row> = figures.iter().flat_map(|figure| figure.went()).collect();
        for (rows, key) in [(came, "report-came"), (went, "report-went")] {
            if !rows.is_empty() {
                let counted = sum(rows.iter().copied());
                let named = [("n", counted.to_string()), ("numbers", self.numbers(&rows))];
                text.push_str(&self.frame.tr(key, &named));
            }
        }
        text
    }

    /// Clauses of a row as text.
    pub(super) fn clauses(&self, row: &Row) -> String {
        let ids: Vec<String> = row.clauses.iter().map(ToString::to_string).collect();
        ids.join(&self.frame.t("list-joint"))
    }
}
