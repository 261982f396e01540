//! How long versions of datasets and the files they came from are kept (保存期限). Texts say that terms are fixed by
//! law (YN-DM-056) and give none, so these are platform defaults, which a jurisdiction answers in `settings.toml`.

use shuyu_kernel::{
    Basis, CivilDate,
    calendar::{Limit, LimitUnit},
};

use crate::{place::Place, settings::Setting};

/// Setting with [`RetentionTerms::version`].
pub const VERSION_SETTING: &str = "retention_version";
/// Setting with [`RetentionTerms::raw`].
pub const RAW_SETTING: &str = "retention_raw";

/// One term, with what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionTerm {
    /// How long after the version was replaced: months or years, since nothing has to be done on the last day.
    pub limit: Limit,
    /// Basis.
    pub basis: Basis,
}

/// Terms of a profile. The latest version of a dataset is in use and has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionTerms {
    /// Of a version, from the day another one took its place.
    pub version: RetentionTerm,
    /// Of the raw files that a version was made from, from the same day.
    pub raw: RetentionTerm,
}

impl RetentionTerm {
    /// The last day on which something is kept that was replaced on a day.
    pub fn until(&self, replaced_on: CivilDate) -> Option<CivilDate> {
        self.limit.last_day(replaced_on)
    }
}

/// A term as an entry states it: a number of years, or a limit such as `18 month`; `None` for anything else.
pub fn written(text: &str) -> Option<Limit> {
    let text = text.trim();
    let years = || format!("{text} year").parse().ok();
    let limit: Option<Limit> = text.parse().ok();
    limit
        .filter(|limit| limit.unit != LimitUnit::WorkingDay)
        .or_else(years)
}

impl Default for RetentionTerms {
    /// Platform defaults, for profiles whose base answers none of them: as long as an agreement lasts at most, and
    /// raw files as long as somebody may still ask how a version came about.
    fn default() -> Self {
        let term = |years| RetentionTerm {
            limit: Limit::years(years),
            basis: Basis::PlatformDefault(String::new()),
        };
        Self {
            version: term(5),
            raw: term(1),
        }
    }
}

impl RetentionTerms {
    /// The terms for data of an entry that says how long it is kept: versions so long, raw files no longer.
    #[must_use]
    pub fn of_entry(self, limit: Limit, basis: Basis) -> Self {
        let from = CivilDate::from_days(0);
        let version = RetentionTerm { limit, basis };
        let shorter = version.until(from) < self.raw.until(from);
        let raw = if shorter { version.clone() } else { self.raw };
        Self { version, raw }
    }

    /// The terms of a profile, and what is wrong with its answers.
    pub(crate) fn of(settings: &[Setting]) -> (Self, Vec<(Place, String)>) {
        let (mut terms, mut wrong) = (Self::default(), Vec::new());
        for setting in settings {
            let term = match setting.id.as_str() {
                VERSION_SETTING => &mut terms.version,
                RAW_SETTING => &mut terms.raw,
                _ => continue,
            };
            let limit: Option<Limit> = setting.value.trim_matches('"').parse().ok();
            match limit.filter(|limit| limit.unit != LimitUnit::WorkingDay) {
                Some(limit) => {
                    *term = RetentionTerm {
                        limit,
                        basis: setting.basis.clone(),
                    }
                }
                None => wrong.push((
                    setting.at.clone(),
                    format!(
                        "setting `{}`: a number of days, months or years, like `5 year`",
                        setting.id
                    ),
                )),
            }
        }
        (terms, wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::{Limit, written};

    #[test]
    fn a_number_is_years_and_nothing_is_guessed() {
        assert_eq!(written(" 5 "), Some(Limit::years(5)));
        assert_eq!(written("18 month"), Some(Limit::months(18)));
        assert_eq!(written("90 day"), Some(Limit::days(90)));
        for other in ["", "for ever", "five", "0", "5 years", "5 working_day", "-5"] {
            assert_eq!(written(other), None, "{other}");
        }
    }
}
