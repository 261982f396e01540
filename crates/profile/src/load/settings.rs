//! Settings: the points on which jurisdictions differ. A template names them; each profile answers them.
//!
//! `"$id"` in a template stands for the value of the setting; a rule with `setting = "id"` exists only where the
//! setting is on, and rests on what the setting rests on.

use std::collections::{BTreeMap, BTreeSet};

use super::{Reader, convert::Site};
use crate::{
    raw::{CitedIn, HasBasis, RawProcedure, RawSetting, RawSettings, StatedBasis},
    settings::Setting,
    source::ProfileSource,
};

/// Settings by id, the profile's own over those of the base.
pub(super) type Settings = BTreeMap<String, RawSetting>;

impl Reader<'_> {
    /// Reads `settings.toml` of base and profile.
    pub(super) fn settings(&mut self) -> (Settings, Vec<Setting>) {
        let mut raw = Settings::new();
        let mut settings: BTreeMap<String, Setting> = BTreeMap::new();
        for source in [self.base, self.own] {
            self.settings_of(source, &mut raw, &mut settings);
        }
        (raw, settings.into_values().collect())
    }

    fn settings_of(
        &mut self,
        source: &ProfileSource,
        raw: &mut Settings,
        settings: &mut BTreeMap<String, Setting>,
    ) {
        let Some(text) = source.file("settings.toml") else {
            return;
        };
        let file = format!("{}/settings.toml", source.name);
        let Some(read) = self.parse::<RawSettings>(&file, text) else {
            return;
        };
        let mut site = Site::single(&file, text, &mut self.errors);
        for setting in read.setting {
            let at = site.place(&setting.id, &setting);
            let basis = site.basis(&setting, "setting", &at);
            let id = setting.id.get_ref().clone();
            let typed = Setting {
                id: id.clone(),
                title: setting.title.clone(),
                title_en: setting.title_en.clone(),
                value: setting.value.to_string(),
                unverified: setting.unverified,
                basis,
                at: at.clone(),
            };
            if settings.get(&id).is_some_and(|other| other.at.file == at.file) {
                site.error(&at, format!("setting `{id}` is defined twice"));
            }
            settings.insert(id.clone(), typed);
            raw.insert(id, setting);
        }
    }
}

/// The text of a template with the values of settings in it. Values stand on one line, so lines stay what they are.
pub(super) fn filled(text: &str, settings: &Settings) -> Result<String, Vec<(usize, String)>> {
    let mut wrong = Vec::new();
    let mut lines: Vec<String> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let mut rest = line;
        let mut out = String::new();
        while let Some((before, after)) = rest.split_once("\"$") {
            let Some((id, after)) = after.split_once('"') else {
                break;
            };
            out.push_str(before);
            match settings.get(id) {
                Some(setting) => out.push_str(&one_line(&setting.value)),
                None => wrong.push((number + 1, format!("there is no setting `{id}`"))),
            }
            rest = after;
        }
        out.push_str(rest);
        lines.push(out);
    }
    if wrong.is_empty() {
        Ok(lines.join("\n") + "\n")
    } else {
        Err(wrong)
    }
}

/// A value as an inline TOML literal.
fn one_line(value: &toml::Value) -> String {
    value.to_string().replace('\n', " ")
}

/// Drops the rules whose setting is off, and rests the others on their setting. Acts no longer record fields nor
/// start or stop clocks that went.
pub(super) fn settled(procedure: &mut RawProcedure, settings: &Settings) {
    keep(&mut procedure.stage, settings);
    keep(&mut procedure.act, settings);
    keep(&mut procedure.lane, settings);
    keep(&mut procedure.open.guard, settings);
    for act in &mut procedure.act {
        keep(&mut act.guard, settings);
    }
    let ids = |procedure: &RawProcedure| -> BTreeSet<String> {
        let fields = procedure.field.iter().map(|x| x.id.get_ref().clone());
        let items = procedure
            .group
            .iter()
            .flat_map(|group| &group.items)
            .map(|item| item.id.clone());
        let clocks = procedure.clock.iter().map(|x| x.id.get_ref().clone());
        fields.chain(items).chain(clocks).collect()
    };
    let before = ids(procedure);
    keep(&mut procedure.clock, settings);
    keep(&mut procedure.field, settings);
    keep(&mut procedure.group, settings);
    let after = ids(procedure);
    let gone: BTreeSet<&String> = before.difference(&after).collect();
    procedure.open.starts.retain(|id| !gone.contains(id));
    for act in &mut procedure.act {
        act.records.retain(|id| !gone.contains(id));
        act.starts.retain(|id| !gone.contains(id));
        act.stops.retain(|id| !gone.contains(id));
    }
}

fn keep<T: HasBasis>(rules: &mut Vec<T>, settings: &Settings) {
    rules.retain_mut(|rule| {
        let Some(id) = rule.setting().map(|id| id.get_ref().clone()) else {
            return true;
        };
        let setting = settings.get(&id);
        if let Some(setting) = setting {
            rule.set_basis(StatedBasis {
                cited_in: CitedIn::Settings,
                ..setting.stated()
            });
        }
        setting.is_some_and(|setting| setting.value != toml::Value::Boolean(false))
    });
}
