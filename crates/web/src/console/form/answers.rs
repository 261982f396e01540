//! From what was sent to a draft, and from a draft to a command.

use std::collections::BTreeMap;

use shuyu_app::input::ActInput;
use shuyu_kernel::{Manner, Refusal};
use shuyu_profile::{Act, FieldType};

use super::{
    Form, columns,
    plan::{GroupPlan, HAPPENED_ON, Input, MANNER, PAPER, STRIKE},
};
use crate::console::posted::Posted;

/// Answers of one page, by draft key.
pub(crate) fn collect(form: &Form, group: &GroupPlan, posted: &Posted) -> BTreeMap<String, String> {
    group
        .inputs
        .iter()
        .map(|input| (input.key().to_owned(), collect_one(form, input, posted)))
        .collect()
}

fn collect_one(form: &Form, input: &Input, posted: &Posted) -> String {
    let name = format!("f.{}", input.html_id());
    let file = || {
        posted
            .filled(&format!("file.{}", input.html_id()))
            .unwrap_or_else(|| posted.one(&name).to_owned())
    };
    match input {
        Input::Field { field, .. } => match field.ty {
            FieldType::File => file(),
            FieldType::Cases => posted.all(&name).collect::<Vec<_>>().join(" "),
            FieldType::Columns => columns::collect(&form.material.tables, posted),
            _ => posted.one(&name).to_owned(),
        },
        Input::Paper { .. } => file(),
        Input::Strike { .. } => posted.all(&name).collect::<Vec<_>>().join("\n"),
        Input::Manner | Input::HappenedOn { .. } => posted.one(&name).to_owned(),
    }
}

/// The fields to set: what was typed and differs from what the case has.
pub(crate) fn fields_to_set(form: &Form) -> BTreeMap<String, String> {
    let fields = form.subject.fields();
    fields
        .into_iter()
        .filter_map(|field| {
            let typed = form.draft.set.get(&field.id)?;
            let same = form
                .subject
                .existing
                .get(&field.id)
                .is_some_and(|known| known == typed);
            (!typed.trim().is_empty() && !same).then(|| (field.id.clone(), typed.clone()))
        })
        .collect()
}

/// The act as `app` takes it.
///
/// # Errors
/// `date_malformed` for a 发生日 that is no date.
pub(crate) fn act_input(form: &Form, act: &Act, lane: Option<String>) -> Result<ActInput, Refusal> {
    let typed = |key: &str| {
        form.draft
            .set
            .get(key)
            .map(|text| text.trim())
            .filter(|text| !text.is_empty())
    };
    let always = act.manners.contains(&Manner::OnBehalf) && !act.manners.contains(&Manner::InPerson);
    let on_behalf = always || typed(MANNER) == Some("on_behalf");
    let happened_on = match typed(HAPPENED_ON).filter(|_| on_behalf) {
        Some(text) => Some(text.parse().map_err(|_| Refusal::unmet("date_malformed"))?),
        None => None,
    };
    Ok(ActInput {
        act: act.id.clone(),
        lane,
        set: fields_to_set(form),
        strike: typed(STRIKE)
            .map(|text| text.lines().map(str::to_owned).collect())
            .unwrap_or_default(),
        manner: if on_behalf {
            Manner::OnBehalf
        } else {
            Manner::InPerson
        },
        happened_on,
        paper: typed(PAPER).filter(|_| on_behalf).map(str::to_owned),
    })
}
