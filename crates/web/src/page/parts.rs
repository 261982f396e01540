//! Small parts that many pages show.

use shuyu_profile::{Procedure, Profile};

use super::{Frame, chip::Grounds};

/// A link.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Link {
    /// Address.
    pub href: String,
    /// Words.
    pub label: String,
}

/// A label with a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Labelled {
    /// Label.
    pub label: String,
    /// Text.
    pub text: String,
    /// What it rests on.
    pub grounds: Grounds,
}

/// An option of a select or a set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Choice {
    /// Value sent.
    pub value: String,
    /// Words.
    pub label: String,
    /// Chosen.
    pub selected: bool,
}

/// A kind of case the person's role may open.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Openable {
    /// Address of the form.
    pub href: String,
    /// Title of the procedure.
    pub title: String,
    /// Where many are opened from a workbook; empty where that is not allowed.
    pub batch_href: String,
    /// What it rests on.
    pub grounds: Grounds,
}

/// A status: never colour alone, always class, shape and word.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// Class of the tag.
    pub class: &'static str,
    /// Shape before the word.
    pub shape: &'static str,
    /// Word.
    pub label: String,
}

impl Status {
    /// A status with the shape that belongs to its class.
    pub fn new(class: &'static str, label: String) -> Self {
        Self {
            class,
            shape: shape(class),
            label,
        }
    }
}

/// The shape of a class of tags.
pub fn shape(class: &str) -> &'static str {
    match class {
        "severe" | "refused" | "wrong" => "\u{25a0}",
        "overdue" | "expired" => "\u{25b2}",
        "soon" | "returned" | "draft" => "\u{25c6}",
        "done" | "approved" | "permitted" => "\u{2713}",
        "later" | "running" => "\u{25cf}",
        _ => "\u{25cb}",
    }
}

/// Stage of a case as a status.
pub fn stage_status(frame: &Frame, procedure: Option<&Procedure>, stage: &str) -> Status {
    let rule = procedure.and_then(|procedure| procedure.stage(stage));
    let label = rule
        .map_or(stage, |rule| frame.pick(&rule.title, &rule.title_en))
        .to_owned();
    let class = if rule.is_some_and(|rule| rule.is_final) {
        "done"
    } else {
        "open"
    };
    Status::new(class, label)
}

/// The kinds of cases a role may open, optionally of one section only.
pub fn openable(frame: &Frame, profile: &Profile, role: &str, section: Option<&str>) -> Vec<Openable> {
    profile
        .procedures
        .iter()
        .filter(|procedure| procedure.open.by.iter().any(|by| by == role))
        .filter(|procedure| section.is_none_or(|section| procedure.section == section))
        .map(|procedure| Openable {
            href: format!("/open/{}", procedure.id),
            title: frame.pick(&procedure.title, &procedure.title_en).to_owned(),
            batch_href: batch_href(procedure),
            grounds: Grounds::of(frame, profile, &procedure.basis),
        })
        .collect()
}

/// Where many cases of a procedure are opened from a workbook; empty where that is not allowed.
pub fn batch_href(procedure: &Procedure) -> String {
    match procedure.open.batch {
        Some(_) => format!("/batches/{}", procedure.id),
        None => String::new(),
    }
}

/// Sizes of files in words.
pub fn size(frame: &Frame, bytes: u64) -> String {
    if bytes < 1024 {
        return frame.tr("size-bytes", &[("n", bytes)]);
    }
    // One decimal without floating point: tenths of a unit.
    let (unit, key) = if bytes < 1024 * 1024 {
        (1024, "size-kilobytes")
    } else {
        (1024 * 1024, "size-megabytes")
    };
    let tenths = bytes.saturating_mul(10) / unit;
    frame.tr(key, &[("n", format!("{}.{}", tenths / 10, tenths % 10))])
}

/// An instant in the profile's zone, to the minute.
pub fn instant(profile: &Profile, at: shuyu_kernel::Timestamp) -> String {
    let (hour, minute) = profile.zone.time_of_day(at);
    format!("{} {hour:02}:{minute:02}", profile.zone.date(at))
}

/// Percent-encodes a text for use inside a query.
pub fn query_escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
