//! Rules of quality: what a column should hold, in one of the four dimensions.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use shuyu_kernel::{CivilDate, Refusal};

/// All rows, in hundredths of a percent.
pub const WHOLE: u32 = 10_000;
/// Most rules of one check; a platform limit.
pub const MAX_RULES: usize = 500;
/// Longest value of a rule in characters, so that a list of codes fits; a platform limit.
const MAX_VALUE: usize = 4_000;

/// What a rule is about: 准确、完整、一致、及时 (YN-OP-074).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// 准确: a value can be true.
    Accuracy,
    /// 完整: a value is there.
    Completeness,
    /// 一致: a value fits others and agreed codes.
    Consistency,
    /// 及时: the version is not old.
    Timeliness,
}

impl Dimension {
    /// All, in the order in which they are shown.
    pub const ALL: [Self; 4] = [
        Self::Accuracy,
        Self::Completeness,
        Self::Consistency,
        Self::Timeliness,
    ];
    /// The word in messages and in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::Completeness => "completeness",
            Self::Consistency => "consistency",
            Self::Timeliness => "timeliness",
        }
    }
}

/// A rule. Only [`Rule::Present`] speaks of missing values; the others pass them over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// A value is there, and is more than blanks.
    Present,
    /// So many characters, both ends included.
    Length(u32, u32),
    /// ASCII digits and nothing else.
    Digits,
    /// A number of a resident with its check digit (GB 11643-1999).
    ResidentId,
    /// A unified social credit code with its check character (GB 32100-2015).
    CreditCode,
    /// A code of a division (GB/T 2260 and the twelve digits below).
    DivisionCode,
    /// One of these codes.
    OneOf(BTreeSet<String>),
    /// A number from one bound to another, both included, as decimal text; an empty one is open.
    Between(String, String),
    /// A day from one to another, both included.
    Days(Option<CivilDate>, Option<CivilDate>),
    /// A day or number not after that of another column.
    NotAfter(String),
    /// The version was recorded at most so many days before the check.
    Fresh(u32),
}

/// A rule as people write it, for forms, the API and the document that keeps the rules of a check.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleText {
    /// The column; empty for a rule about the whole version.
    #[serde(default)]
    pub column: String,
    /// The word of the rule, one of [`Rule::WORDS`].
    pub rule: String,
    /// What the rule needs: `6-20`, `男,女`, `0..150`, `1900-01-01..2026-11-26`, another column, a number of days.
    #[serde(default)]
    pub value: String,
    /// Up to this share of bad values the rule holds, in hundredths of a percent.
    #[serde(default)]
    pub at_most: u32,
}

/// A rule of a column, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnRule {
    /// The column; empty for a rule about the whole version.
    pub column: String,
    /// The rule.
    pub rule: Rule,
    /// Up to this share of bad values it holds, in hundredths of a percent.
    pub at_most: u32,
}

impl Rule {
    /// The words of all rules, in the order in which they are offered.
    pub const WORDS: [&'static str; 11] = [
        "present",
        "length",
        "digits",
        "resident_id",
        "credit_code",
        "division_code",
        "one_of",
        "between",
        "days",
        "not_after",
        "fresh",
    ];

    /// The dimension that it counts in.
    pub fn dimension(&self) -> Dimension {
        match self {
            Self::Present => Dimension::Completeness,
            Self::Length(..)
            | Self::Digits
            | Self::ResidentId
            | Self::CreditCode
            | Self::DivisionCode
            | Self::Between(..)
            | Self::Days(..) => Dimension::Accuracy,
            Self::OneOf(_) | Self::NotAfter(_) => Dimension::Consistency,
            Self::Fresh(_) => Dimension::Timeliness,
        }
    }

    /// Whether whoever writes it chooses values: then a rule that few values keep asks after somebody.
    pub fn chooses_values(&self) -> bool {
        matches!(
            self,
            Self::Length(..) | Self::OneOf(_) | Self::Between(..) | Self::Days(..)
        )
    }

    /// Its word in messages, the record and the API.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Length(..) => "length",
            Self::Digits => "digits",
            Self::ResidentId => "resident_id",
            Self::CreditCode => "credit_code",
            Self::DivisionCode => "division_code",
            Self::OneOf(_) => "one_of",
            Self::Between(..) => "between",
            Self::Days(..) => "days",
            Self::NotAfter(_) => "not_after",
            Self::Fresh(_) => "fresh",
        }
    }

    /// The rule of this word with this value; `None` if there is none.
    fn read(word: &str, value: &str) -> Option<Self> {
        let bare = |rule: Self| value.is_empty().then_some(rule);
        match word {
            "present" => bare(Self::Present),
            "digits" => bare(Self::Digits),
            "resident_id" => bare(Self::ResidentId),
            "credit_code" => bare(Self::CreditCode),
            "division_code" => bare(Self::DivisionCode),
            "length" => {
                let (from, to) = value.split_once('-').unwrap_or((value, value));
                let (from, to) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
                (from <= to).then_some(Self::Length(from, to))
            }
            "one_of" => {
                let codes = value.split([',', '，', '、']).map(str::trim);
                let codes: BTreeSet<String> =
                    codes.filter(|code| !code.is_empty()).map(str::to_owned).collect();
                (!codes.is_empty()).then_some(Self::OneOf(codes))
            }
            "between" => {
                let (min, max) = ends(value)?;
                Some(Self::Between(min.to_owned(), max.to_owned()))
            }
            "days" => {
                let (from, to) = ends(value)?;
                let (from, to) = (day(from)?, day(to)?);
                let ordered = from.zip(to).is_none_or(|(from, to)| from <= to);
                ordered.then_some(Self::Days(from, to))
            }
            "not_after" => (!value.is_empty()).then(|| Self::NotAfter(value.to_owned())),
            "fresh" => value.parse().ok().map(Self::Fresh),
            _ => None,
        }
    }
}

/// Two ends with two points between, not both open.
fn ends(value: &str) -> Option<(&str, &str)> {
    let (from, to) = value.split_once("..")?;
    let (from, to) = (from.trim(), to.trim());
    (!from.is_empty() || !to.is_empty()).then_some((from, to))
}

/// A day, or an open end.
fn day(text: &str) -> Option<Option<CivilDate>> {
    match text {
        "" => Some(None),
        _ => text.parse().ok().map(Some),
    }
}

impl ColumnRule {
    /// Reads a rule as it was written.
    ///
    /// # Errors
    /// Refuses `quality_rule_not_usable` with column, rule and what is wrong: `rule`, `value`, `column`, `share`.
    pub fn read(text: &RuleText) -> Result<Self, Refusal> {
        let value = text.value.trim();
        if !Rule::WORDS.contains(&text.rule.as_str()) {
            return Err(unusable(text, "rule"));
        }
        if value.chars().count() > MAX_VALUE {
            return Err(unusable(text, "value"));
        }
        let rule = Rule::read(&text.rule, value).ok_or_else(|| unusable(text, "value"))?;
        if text.column.is_empty() != matches!(rule, Rule::Fresh(_)) {
            return Err(unusable(text, "column"));
        }
        if text.at_most > WHOLE {
            return Err(unusable(text, "share"));
        }
        Ok(Self {
            column: text.column.clone(),
            rule,
            at_most: text.at_most,
        })
    }
}

/// A rule that cannot be asked; what came from outside is cut.
pub fn unusable(text: &RuleText, problem: &str) -> Refusal {
    let cut = |text: &str| text.chars().take(60).collect::<String>();
    Refusal::unmet("quality_rule_not_usable")
        .fact("column", cut(&text.column))
        .fact("rule", cut(&text.rule))
        .fact("problem", problem)
}
