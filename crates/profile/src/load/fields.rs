//! Fields: written one by one, or listed as the numbered contents of a paper.

use super::convert::Site;
use crate::{
    field::{Choice, Field},
    raw::{RawChoice, RawField, RawProcedure},
};

impl Site<'_> {
    /// The fields as written, then the numbered contents of groups that list them.
    pub(super) fn fields(&mut self, raw: &RawProcedure) -> Vec<Field> {
        let mut fields: Vec<Field> = raw.field.iter().map(|field| self.field(field)).collect();
        for group in raw.group.iter().filter(|group| !group.items.is_empty()) {
            let at = self.place(&group.id, group);
            let basis = self.basis(group, "group", &at);
            for (number, item) in group.items.iter().enumerate() {
                fields.push(Field {
                    id: item.id.clone(),
                    title: item.title.clone(),
                    title_en: item.title_en.clone(),
                    help: item.help.clone(),
                    help_en: item.help_en.clone(),
                    ty: item.ty,
                    group: if group.by_act {
                        String::new()
                    } else {
                        group.id.get_ref().clone()
                    },
                    item: u32::try_from(number + 1).ok(),
                    choices: choices(&item.choices),
                    procedure: None,
                    party: None,
                    personal: false,
                    measured: None,
                    is_title: item.is_title,
                    means: None,
                    basis: basis.clone(),
                    at: at.clone(),
                });
            }
        }
        fields
    }

    fn field(&mut self, raw: &RawField) -> Field {
        let at = self.place(&raw.id, raw);
        Field {
            id: raw.id.get_ref().clone(),
            title: raw.title.clone(),
            title_en: raw.title_en.clone(),
            help: raw.help.clone(),
            help_en: raw.help_en.clone(),
            ty: raw.ty,
            group: raw.group.clone(),
            item: raw.item,
            choices: choices(&raw.choices),
            procedure: raw.procedure.clone(),
            party: raw.party.clone(),
            personal: raw.personal,
            measured: raw.measured,
            is_title: raw.is_title,
            means: raw.means,
            basis: self.basis(raw, "field", &at),
            at,
        }
    }
}

fn choices(raw: &[RawChoice]) -> Vec<Choice> {
    raw.iter()
        .map(|choice| Choice {
            id: choice.id.clone(),
            title: choice.title.clone(),
            title_en: choice.title_en.clone(),
        })
        .collect()
}

/// `group:ID` among the recorded fields stands for all fields of that group.
pub(super) fn expanded(records: &[String], procedure: &RawProcedure) -> Vec<String> {
    let mut fields = Vec::new();
    for record in records {
        match record.strip_prefix("group:") {
            Some(group) => fields.extend(fields_of(procedure, group)),
            None => fields.push(record.clone()),
        }
    }
    fields
}

/// Ids of the fields of a group, those written one by one first.
pub(super) fn fields_of(procedure: &RawProcedure, group: &str) -> Vec<String> {
    let written = procedure.field.iter().filter(|field| field.group == group);
    let listed = procedure.group.iter().filter(|other| other.id.get_ref() == group);
    let items = listed.flat_map(|group| &group.items).map(|item| item.id.clone());
    written
        .map(|field| field.id.get_ref().clone())
        .chain(items)
        .collect()
}
