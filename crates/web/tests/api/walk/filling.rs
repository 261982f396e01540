//! A form filled as a person would: every question has its label, what the scenario says is given, the rest is left
//! as it stands.

use std::collections::BTreeMap;

use shuyu_domain::value::columns_from_text;
use shuyu_kernel::Manner;
use shuyu_profile::FieldType;

use super::{
    form::{Control, controls, groups, labelled},
    step::{Told, Walk, holds, refusal},
    visitor::{Page, Sent, Visitor},
};

/// Fills every group of a form, and gives its check page.
pub(super) async fn filled(
    walk: &Walk<'_>,
    visitor: &Visitor,
    base: &str,
    values: &BTreeMap<String, String>,
) -> Told<Page> {
    let start = visitor.get(base).await;
    let pages = match (start.status, start.location.as_str()) {
        (303, location) if location == format!("{base}/check") => Vec::new(),
        (303, location) => vec![location.rsplit('/').next().unwrap_or_default().to_owned()],
        (200, _) => groups(&start.text, base),
        _ => {
            return Err(format!(
                "the form is answered {} {}",
                start.status,
                refusal(&start)
            ));
        }
    };
    let mut asked = String::new();
    for group in pages {
        let address = format!("{base}/{group}");
        let page = visitor.get(&address).await;
        holds(page.status == 200, || {
            format!("{address}: {} {}", page.status, refusal(&page))
        })?;
        asked.push_str(&page.text);
        let sent = answers(walk, &page.text, values)?;
        let saved = visitor.post(&address, &sent).await;
        holds(saved.status == 303, || {
            let errors = saved.text.split_once("error-summary").unwrap_or_default().1;
            format!("{address} is not taken: {} {errors:.600}", saved.status)
        })?;
    }
    complete(walk, &asked, values)?;
    let check = visitor.get(&format!("{base}/check")).await;
    holds(check.status == 200, || {
        format!("check page: {} {}", check.status, refusal(&check))
    })?;
    let body = walk
        .written
        .step
        .lane
        .as_deref()
        .and_then(|lane| lane.split_once(':'));
    holds(body.is_none_or(|(_, body)| check.text.contains(body)), || {
        "the lane is not named".to_owned()
    })?;
    Ok(check)
}

/// That the form asks for everything the act records, and for the paper it is entered from.
fn complete(walk: &Walk<'_>, asked: &str, values: &BTreeMap<String, String>) -> Told<()> {
    let fields = walk.procedure.fields.iter().filter(|field| match walk.act() {
        Some(act) => act.records.contains(&field.id),
        None => !field.group.is_empty(),
    });
    for field in fields.filter(|field| field.measured.is_none()) {
        holds(labelled(asked, &field.id), || {
            format!("{} has no labelled control", field.id)
        })?;
    }
    let known =
        |id: &String| walk.procedure.field(id).is_some_and(|f| f.measured.is_some()) || labelled(asked, id);
    holds(values.keys().all(known), || "a value has no control".to_owned())?;
    let manners = walk.act().map(|act| act.manners.as_slice()).unwrap_or_default();
    let on_behalf = manners.contains(&Manner::OnBehalf);
    let choice = on_behalf && manners.contains(&Manner::InPerson);
    holds(
        labelled(asked, "act-paper") == on_behalf && labelled(asked, "act-happened-on") == on_behalf,
        || "paper entry is not as the manners say".to_owned(),
    )?;
    holds(labelled(asked, "act-manner") == choice, || {
        "the manner is not as the act says".to_owned()
    })
}

/// What a browser sends for a page: the scenario's values where it has some, else what stands there.
fn answers(walk: &Walk<'_>, page: &str, values: &BTreeMap<String, String>) -> Told<Vec<Sent>> {
    let mut sent = vec![Sent::Text("then".to_owned(), "next".to_owned())];
    for (name, control) in controls(page) {
        let wanted = wanted(walk, &name, values);
        if control.file {
            let file = wanted.filter(|file| !file.is_empty()).unwrap_or_default();
            if !file.is_empty() {
                sent.push(Sent::Paper(name, file));
            }
            continue;
        }
        for value in chosen(walk, &name, &control, wanted)? {
            sent.push(Sent::Text(name.clone(), value));
        }
    }
    Ok(sent)
}

fn chosen(walk: &Walk<'_>, name: &str, control: &Control, wanted: Option<String>) -> Told<Vec<String>> {
    let Some(wanted) = wanted else {
        return Ok(control.values.clone());
    };
    let id = name.trim_start_matches("f.");
    let several = name == "f.act-strike"
        || walk
            .procedure
            .field(id)
            .is_some_and(|field| field.ty == FieldType::Cases);
    let values: Vec<String> = match several {
        true => wanted.split_whitespace().map(str::to_owned).collect(),
        false => vec![wanted],
    };
    for value in &values {
        let offered = control.options.is_empty() || control.options.contains(value);
        holds(offered, || format!("{name} does not offer {value}"))?;
    }
    Ok(values)
}

/// The scenario's value for a control, if it has one.
fn wanted(walk: &Walk<'_>, name: &str, values: &BTreeMap<String, String>) -> Option<String> {
    let on_behalf = walk.run.manner == Manner::OnBehalf;
    let step = walk.written.step;
    match name {
        "f.act-manner" => return Some(if on_behalf { "on_behalf" } else { "in_person" }.to_owned()),
        "f.act-happened-on" => return on_behalf.then(|| step.on.to_string()),
        "file.act-paper" => {
            return on_behalf.then(|| format!("{}-{}.pdf", walk.written.scenario, walk.written.number));
        }
        "f.act-strike" => return Some(step.strike.join(" ")),
        _ => {}
    }
    if let Some(id) = name.strip_prefix("file.") {
        return values.get(id).cloned();
    }
    if let Some(id) = name.strip_prefix("f.") {
        let is_file = walk
            .procedure
            .field(id)
            .is_some_and(|field| field.ty == FieldType::File);
        return values.get(id).filter(|_| !is_file).cloned();
    }
    let columns = walk
        .procedure
        .fields
        .iter()
        .find(|field| field.ty == FieldType::Columns && values.contains_key(&field.id))?;
    let tables = columns_from_text(&values[&columns.id]).unwrap_or_default();
    if let Some(table) = name.strip_prefix("r.") {
        return tables
            .iter()
            .find(|used| used.table == table)
            .map(|used| used.reason.clone());
    }
    let mut parts = name.strip_prefix("u.")?.split('.');
    let (table, column, word) = (parts.next()?, parts.next()?, parts.next()?);
    let used = tables.iter().find(|used| used.table == table)?;
    let uses = used.columns.get(column);
    uses.filter(|uses| uses.iter().any(|each| each.name() == word))
        .map(|_| "yes".to_owned())
}
