//! A case on paper: everything its sheet prints, and personal fields in the clear for those who may open them.

use std::collections::BTreeMap;

use shuyu_domain::{Value, event::CaseEvent};
use shuyu_kernel::{CaseId, Refusal};

use super::{CaseView, TimelineItem};
use crate::{App, Session, Stop};

/// What is to be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// One act by its number in the case, from 1 (the opening); `None` = the whole case.
    pub act: Option<usize>,
    /// Personal fields in the clear instead of a mark.
    pub personal: bool,
}

/// A case to be printed.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// The case.
    pub view: CaseView,
    /// Personal fields in the clear; `None` once erased. Empty unless asked for.
    pub clear: BTreeMap<String, Option<String>>,
}

impl TimelineItem {
    /// Whether this is an act that took effect: the opening, or what was taken after it. Each has a sheet.
    pub fn is_act(&self) -> bool {
        matches!(self.event, CaseEvent::Opened { .. } | CaseEvent::Taken { .. })
    }
}

impl CaseView {
    /// The place in the timeline of the act with this number, from 1.
    pub fn act_at(&self, number: usize) -> Option<usize> {
        let mut acts = self.timeline.iter().enumerate().filter(|(_, item)| item.is_act());
        acts.nth(number.checked_sub(1)?).map(|(at, _)| at)
    }

    /// How many acts took effect.
    pub fn acts_taken(&self) -> usize {
        self.timeline.iter().filter(|item| item.is_act()).count()
    }
}

impl App {
    /// A case to be printed, for whoever may see it. The look is noted, and each personal field that is opened once
    /// more, as on the page of the case.
    ///
    /// # Errors
    /// `case_unknown`; `printed_act_unknown` for a number without an act; `not_a_party` for personal fields of
    /// others.
    pub async fn case_to_print(&self, session: &Session, id: CaseId, wanted: Wanted) -> Result<Sheet, Stop> {
        let result = self.view_to_print(session, id, wanted).await;
        let subject = match wanted.act {
            Some(number) => format!("{id}/acts/{number}"),
            None => id.to_string(),
        };
        let view = self.looked(session, "print", subject, result).await?;
        let mut clear = BTreeMap::new();
        if wanted.personal {
            for (field, value) in &view.case.fields {
                if matches!(value, Value::Sealed { .. }) {
                    let text = self.reveal_field(session, id, field).await?;
                    clear.insert(field.clone(), text);
                }
            }
        }
        Ok(Sheet { view, clear })
    }

    async fn view_to_print(&self, session: &Session, id: CaseId, wanted: Wanted) -> Result<CaseView, Stop> {
        let view = self.case_view_inner(session, id).await?;
        if let Some(number) = wanted.act
            && view.act_at(number).is_none()
        {
            return Err(Refusal::unknown("printed_act_unknown")
                .fact("number", number)
                .fact("last", view.acts_taken())
                .into());
        }
        Ok(view)
    }
}
