//! Forms generated from a procedure: task list, one group a page, check-your-answers, result.
//!
//! [`plan`] says which inputs a form has and is pure; [`question`] turns an input into what the page shows;
//! [`answers`] reads what was sent; [`pages`] draws. [`opening`] and [`acting`] are the handlers. Everything typed is
//! saved as a draft before it is looked at, so nothing is ever lost.

pub mod acting;
mod answers;
pub(crate) mod columns;
pub mod opening;
pub(crate) mod pages;
pub(crate) mod plan;
pub(crate) mod question;
pub mod result;

use std::{collections::BTreeMap, sync::Arc};

use shuyu_app::{draft::Draft, read::Material};
use shuyu_kernel::CaseId;
use shuyu_profile::{Field, Profile};

use crate::page::{ConsoleError, Frame, Grounds, Visit, parts::Link};
use plan::{Input, Plan};

/// What a form is about: opening a case, or an act in one.
pub(crate) struct Subject {
    /// Address of the form; groups and the check page stand below it.
    pub base: String,
    /// Case the draft is kept under; zero while there is none.
    pub case: CaseId,
    /// Name of the draft.
    pub draft: String,
    /// Title.
    pub title: String,
    /// Sentence below the title.
    pub lead: String,
    /// What submitting does.
    pub what_follows: String,
    /// Words on the button.
    pub submit: String,
    /// Where leaving leads.
    pub back: String,
    /// Where many are opened from a workbook; empty where that is not allowed.
    pub batch_href: String,
    /// Version of the case the form was drawn from; empty at opening.
    pub version: String,
    /// Rules.
    pub profile: Arc<Profile>,
    /// What the form rests on.
    pub grounds: Grounds,
    /// Inputs.
    pub plan: Plan,
    /// Values the case has already, as text.
    pub existing: BTreeMap<String, String>,
    /// Frame with breadcrumbs.
    pub frame: Frame,
}

impl Subject {
    fn group_href(&self, group: &str) -> String {
        format!("{}/{group}", self.base)
    }

    fn check_href(&self) -> String {
        format!("{}/check", self.base)
    }

    /// The answer to an input: what was typed, else what the case has.
    fn answer<'a>(&'a self, draft: &'a Draft, key: &str) -> &'a str {
        let typed = draft.set.get(key).or_else(|| self.existing.get(key));
        typed.map_or("", String::as_str)
    }

    fn fields(&self) -> Vec<&Field> {
        let inputs = self.plan.groups.iter().flat_map(|group| &group.inputs);
        inputs.filter_map(|input| input.field()).collect()
    }

    /// The input with this Chinese title (facts of refusals name fields so), with its group.
    fn find_by_title(&self, title: &str) -> Option<(&str, &Input)> {
        self.plan.groups.iter().find_map(|group| {
            let input = group
                .inputs
                .iter()
                .find(|input| input.field().is_some_and(|field| field.title == title))?;
            Some((group.id.as_str(), input))
        })
    }

    fn fix(&self, group: &str, input: &Input) -> Link {
        let href = format!("{}#q-{}", self.group_href(group), input.html_id());
        Link {
            href,
            label: input.label(&self.frame),
        }
    }
}

/// A form with its draft and everything its fields choose from.
pub(crate) struct Form {
    pub subject: Subject,
    pub draft: Draft,
    pub material: Material,
}

impl Form {
    /// Reads draft and material of a subject.
    pub(crate) async fn load(visit: &Visit, subject: Subject) -> Result<Self, ConsoleError> {
        let draft = visit
            .app()
            .draft(&visit.session, subject.case, &subject.draft)
            .await?;
        let mut fields = subject.fields();
        let paper = plan::paper_field();
        if subject.plan.takes_paper() {
            fields.push(&paper);
        }
        let material = visit.app().form_material(&visit.session, &fields).await?;
        Ok(Self {
            subject,
            draft,
            material,
        })
    }
}
