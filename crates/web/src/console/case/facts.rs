//! Facts and papers of a case, by question group.

use std::collections::{BTreeMap, BTreeSet};

use shuyu_app::read::CaseView;
use shuyu_domain::{Paper, TableUse, Value, event::CaseEvent};
use shuyu_profile::{Field, Procedure};

use crate::page::{
    Frame, Grounds, Visit,
    parts::{Link, size},
};

pub(crate) struct FactGroup {
    pub id: String,
    pub title: String,
    pub facts: Vec<Fact>,
}

#[derive(Default)]
pub(crate) struct Fact {
    pub id: String,
    pub item: String,
    pub label: String,
    pub text: String,
    pub links: Vec<Link>,
    pub tables: Vec<TableView>,
    pub sealed: bool,
    pub may_reveal: bool,
    pub revealed: Option<String>,
    pub grounds: Grounds,
}

pub(crate) struct TableView {
    pub table: String,
    pub reason: String,
    /// Which rows, if not all.
    pub rows: String,
    pub columns: Vec<ColumnView>,
}

pub(crate) struct ColumnView {
    pub name: String,
    pub uses: String,
    pub struck: bool,
}

pub(crate) struct PaperRow {
    pub digest: String,
    pub short: String,
    pub name: String,
    pub size: String,
    pub what: String,
}

/// Values by group; fields set by acts only stand in a group of their own at the end. `clear` holds the words of
/// opened personal fields.
pub(super) fn groups(
    frame: &Frame,
    visit: &Visit,
    view: &CaseView,
    procedure: &Procedure,
    values: &BTreeMap<String, Value>,
    clear: &BTreeMap<String, String>,
) -> Vec<FactGroup> {
    let struck: BTreeSet<&String> = view.case.lanes.values().flat_map(|lane| &lane.struck).collect();
    let own = view.case.has_party(visit.session.actor.body);
    let fact = |field: &Field| {
        let value = values.get(&field.id)?;
        let mut fact = fact(frame, view, field, value, &struck);
        // Linked cases of others are named, but there is no way into them.
        for (link, id) in fact.links.iter_mut().zip(value.cases()) {
            if !view
                .linked
                .get(&id)
                .is_some_and(|case| visit.app().sees(&visit.session, case))
            {
                link.href.clear();
            }
        }
        fact.may_reveal = own;
        // What was opened is the value the case has now; an older one stays closed.
        let current = view.case.fields.get(&field.id) == Some(value);
        fact.revealed = clear.get(&field.id).filter(|_| current).cloned();
        Some(fact)
    };
    let mut groups: Vec<FactGroup> = procedure
        .groups
        .iter()
        .map(|group| FactGroup {
            id: group.id.clone(),
            title: frame.pick(&group.title, &group.title_en).to_owned(),
            facts: procedure.group_fields(&group.id).filter_map(fact).collect(),
        })
        .collect();
    groups.push(FactGroup {
        id: "by-acts".to_owned(),
        title: frame.t("facts-by-acts"),
        facts: procedure.group_fields("").filter_map(fact).collect(),
    });
    groups.retain(|group| !group.facts.is_empty());
    groups
}

fn fact(frame: &Frame, view: &CaseView, field: &Field, value: &Value, struck: &BTreeSet<&String>) -> Fact {
    let mut fact = Fact {
        id: field.id.clone(),
        item: field
            .item
            .map(|n| frame.tr("fact-item", &[("n", n)]))
            .unwrap_or_default(),
        label: frame.pick(&field.title, &field.title_en).to_owned(),
        grounds: Grounds::of(frame, &view.profile, &field.basis),
        ..Fact::default()
    };
    match value {
        Value::Sealed { .. } => fact.sealed = true,
        Value::Case(_) | Value::Cases(_) => {
            fact.links = value
                .cases()
                .iter()
                .map(|id| Link {
                    href: format!("/cases/{id}"),
                    label: case_label(view, *id),
                })
                .collect();
        }
        Value::File(paper) => {
            fact.links = vec![Link {
                href: format!("/cases/{}/papers/{}", view.case.id, paper.digest),
                label: paper.name.clone(),
            }];
        }
        Value::Columns(tables) => {
            fact.tables = tables
                .iter()
                .map(|table| table_view(frame, table, struck))
                .collect()
        }
        _ => fact.text = value_text(frame, view, Some(field), value),
    }
    fact
}

fn case_label(view: &CaseView, id: shuyu_kernel::CaseId) -> String {
    view.linked.get(&id).map_or_else(
        || id.to_string(),
        |case| format!("{} {}", case.number, case.title),
    )
}

fn table_view(frame: &Frame, table: &TableUse, struck: &BTreeSet<&String>) -> TableView {
    TableView {
        table: table.table.clone(),
        reason: table.reason.clone(),
        rows: match &table.rows {
            Some(rows) => frame.tr(
                "table-rows-only",
                &[("column", rows.column.clone()), ("words", rows.words())],
            ),
            None => String::new(),
        },
        columns: table
            .columns
            .iter()
            .map(|(column, uses)| ColumnView {
                name: column.clone(),
                uses: uses
                    .iter()
                    .map(|each| frame.t(&format!("use-{}", each.name())))
                    .collect::<Vec<_>>()
                    .join(" · "),
                struck: struck.contains(&format!("{}.{column}", table.table)),
            })
            .collect(),
    }
}

/// A value as plain text.
pub(crate) fn value_text(frame: &Frame, view: &CaseView, field: Option<&Field>, value: &Value) -> String {
    match value {
        Value::YesNo(yes) => frame.t(if *yes { "yes" } else { "no" }),
        Value::Money(money) => frame.tr("money", &[("yuan", money.to_string())]),
        Value::Choice(id) => {
            let choice = field.and_then(|field| field.choices.iter().find(|choice| choice.id == *id));
            choice
                .map_or(id.as_str(), |choice| frame.pick(&choice.title, &choice.title_en))
                .to_owned()
        }
        Value::Body(id) => view.registry.body_name(*id),
        Value::Person(id) => view
            .registry
            .people
            .get(id)
            .map_or_else(|| id.to_string(), |p| p.login.clone()),
        Value::Case(_) | Value::Cases(_) => value
            .cases()
            .iter()
            .map(|id| case_label(view, *id))
            .collect::<Vec<_>>()
            .join("\n"),
        Value::Figures(figures) => figures
            .iter()
            .map(|(name, figure)| format!("{}: {figure}", figure_label(frame, name)))
            .collect::<Vec<_>>()
            .join("\n"),
        Value::Sealed { .. } => frame.t("fact-sealed"),
        other => other.text(),
    }
}

/// The words of a figure of a disclosure; figures typed by hand keep their own name.
pub(crate) fn figure_label(frame: &Frame, name: &str) -> String {
    let key = format!("figure-{}", name.replace('_', "-"));
    if frame.texts.has(frame.lang, &key) {
        frame.t(&key)
    } else {
        name.to_owned()
    }
}

/// Papers of the case: those in fields, and those acts were entered from.
pub(super) fn papers(frame: &Frame, view: &CaseView, procedure: &Procedure) -> Vec<PaperRow> {
    let row = |paper: &Paper, what: String| PaperRow {
        digest: paper.digest.to_string(),
        short: paper.digest.short(),
        name: paper.name.clone(),
        size: size(frame, paper.size_bytes),
        what,
    };
    let in_fields = procedure
        .fields
        .iter()
        .filter_map(|field| match view.case.fields.get(&field.id) {
            Some(Value::File(paper)) => {
                Some(row(paper, frame.pick(&field.title, &field.title_en).to_owned()))
            }
            _ => None,
        });
    let entered_from = view.timeline.iter().filter_map(|item| match &item.event {
        CaseEvent::Taken { meta, .. } => {
            let act = procedure.act(&meta.act);
            let what = act
                .map_or(meta.act.as_str(), |act| frame.pick(&act.title, &act.title_en))
                .to_owned();
            meta.paper.as_ref().map(|paper| row(paper, what))
        }
        _ => None,
    });
    in_fields.chain(entered_from).collect()
}
