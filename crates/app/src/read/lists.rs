//! Lists of cases: search, filter, sort, page.

use shuyu_domain::port::{CaseFilter, CaseRow};
use shuyu_profile::Procedure;

use crate::{App, Session, Stop};

/// Sorting by a head reads at most so many rows; longer lists are narrowed by search first.
pub const SORTABLE_ROWS: u64 = 5_000;

/// Which head a list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// As the record gives them: newest first.
    #[default]
    Newest,
    /// 案号
    Number,
    /// Title.
    Title,
    /// Stage.
    Stage,
    /// Earliest due date.
    Due,
}

impl Sort {
    /// The word in the query string.
    pub fn word(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Number => "number",
            Self::Title => "title",
            Self::Stage => "stage",
            Self::Due => "due",
        }
    }

    /// From the word; unknown words mean newest.
    pub fn from_word(word: &str) -> Self {
        [Self::Number, Self::Title, Self::Stage, Self::Due]
            .into_iter()
            .find(|sort| sort.word() == word)
            .unwrap_or_default()
    }
}

/// What to list.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseQuery {
    /// Procedures.
    pub procedures: Vec<String>,
    /// Text in number or title.
    pub text: String,
    /// Stage; empty = all.
    pub stage: String,
    /// Only open cases.
    pub open_only: bool,
    /// Sorted by.
    pub sort: Sort,
    /// Page, from 1.
    pub page: u64,
    /// Rows a page.
    pub size: u64,
}

impl Default for CaseQuery {
    fn default() -> Self {
        Self {
            procedures: Vec::new(),
            text: String::new(),
            stage: String::new(),
            open_only: false,
            sort: Sort::Newest,
            page: 1,
            size: 20,
        }
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CaseList {
    /// Rows of the page.
    pub rows: Vec<CaseRow>,
    /// Rows in all.
    pub total: u64,
}

impl App {
    /// Procedures of a section of the console, in order.
    pub fn procedures_in(&self, section: &str) -> Vec<String> {
        let profile = self.profile();
        profile
            .procedures
            .iter()
            .filter(|p| p.section == section)
            .map(|p| p.id.clone())
            .collect()
    }

    /// Cases of some procedures that the session may see.
    pub async fn case_list(&self, session: &Session, query: &CaseQuery) -> Result<CaseList, Stop> {
        let result = self.case_list_inner(session, query).await;
        self.looked(session, "view", "cases", result).await
    }

    pub(crate) async fn case_list_inner(
        &self,
        session: &Session,
        query: &CaseQuery,
    ) -> Result<CaseList, Stop> {
        self.require_signed_in(session)?;
        if query.procedures.is_empty() {
            return Ok(CaseList::default());
        }
        let profile = self.profile();
        let asked: Vec<&Procedure> = query
            .procedures
            .iter()
            .filter_map(|id| profile.procedure(id))
            .collect();
        let open_to_all = self.oversees(session) || asked.iter().all(|procedure| self.is_public(procedure));
        let size = query.size.clamp(1, 100);
        let skip = query.page.max(1).saturating_sub(1).saturating_mul(size);
        let sorted = query.sort != Sort::Newest;
        let filter = CaseFilter {
            procedures: query.procedures.clone(),
            body: (!open_to_all).then_some(session.actor.body),
            stages: if query.stage.is_empty() {
                Vec::new()
            } else {
                vec![query.stage.clone()]
            },
            open_only: query.open_only,
            text: Some(query.text.trim().to_owned()).filter(|text| !text.is_empty()),
            offset: if sorted { 0 } else { skip },
            limit: if sorted { SORTABLE_ROWS } else { size },
            ..CaseFilter::default()
        };
        let (mut rows, total) = self.record.cases(&filter).await?;
        if sorted {
            sort(&mut rows, query.sort);
            let skip = usize::try_from(skip).unwrap_or(usize::MAX);
            rows = rows
                .into_iter()
                .skip(skip)
                .take(usize::try_from(size).unwrap_or(20))
                .collect();
        }
        Ok(CaseList { rows, total })
    }
}

fn sort(rows: &mut [CaseRow], by: Sort) {
    match by {
        Sort::Newest => {}
        Sort::Number => rows.sort_by_key(|row| natural(&row.number)),
        Sort::Title => rows.sort_by(|a, b| a.title.cmp(&b.title)),
        Sort::Stage => rows.sort_by(|a, b| (&a.procedure, &a.stage).cmp(&(&b.procedure, &b.stage))),
        // Cases without a due date come last.
        Sort::Due => rows.sort_by_key(|row| (row.next_due.is_none(), row.next_due)),
    }
}

/// Numbers inside a case number compare as numbers: 9 before 10.
fn natural(number: &str) -> Vec<(String, u64)> {
    let mut parts: Vec<(String, u64)> = Vec::new();
    let (mut text, mut digits) = (String::new(), String::new());
    for letter in number.chars() {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        if !digits.is_empty() {
            parts.push((
                std::mem::take(&mut text),
                std::mem::take(&mut digits).parse().unwrap_or(u64::MAX),
            ));
        }
        text.push(letter);
    }
    parts.push((text, digits.parse().unwrap_or(0)));
    parts
}

#[cfg(test)]
mod tests {
    use super::natural;

    #[test]
    fn case_numbers_compare_as_people_count() {
        assert!(natural("A-2026-9") < natural("A-2026-10"));
        assert!(natural("A-2025-10") < natural("A-2026-9"));
        assert_eq!(natural("A-1"), natural("A-01"));
    }
}
