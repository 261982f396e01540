//! Procedure files: whole ones, templates of the base, and overlays over them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use shuyu_kernel::ClauseId;

use super::{
    Reader,
    convert::{Site, Text},
    duties::Duties,
    line_of, overlay,
    settings::{Settings, filled, settled},
};
use crate::{
    place::Place,
    procedure::Procedure,
    raw::{RawOverlay, RawProcedure},
    settings::Clause,
};

/// A template of the base: its file and its text with the values of settings in it.
struct Template {
    file: String,
    text: String,
    raw: RawProcedure,
}

/// What procedures are read with.
struct Given<'a> {
    settings: &'a Settings,
    clauses: &'a BTreeMap<ClauseId, Clause>,
    duties: &'a Duties,
}

#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    extends: Option<String>,
}

impl Reader<'_> {
    /// All procedures of the profile: the base's own, replaced or extended by those of the profile.
    pub(super) fn procedures(
        &mut self,
        settings: &Settings,
        clauses: &BTreeMap<ClauseId, Clause>,
    ) -> Vec<Procedure> {
        let mut procedures: Vec<Procedure> = Vec::new();
        let mut templates = BTreeMap::new();
        let duties = self.duties();
        let given = Given {
            settings,
            clauses,
            duties: &duties,
        };
        for (source, in_base) in [(self.base, true), (self.own, false)] {
            let mut seen = BTreeSet::new();
            let files = source
                .under("procedures")
                .filter(|(path, _)| path.ends_with(".toml"));
            for (path, text) in files {
                let file = format!("{}/{path}", source.name);
                let Some(text) = self.with_settings(&file, text, settings) else {
                    continue;
                };
                let procedure = match toml::from_str::<Head>(&text) {
                    Ok(Head { extends: Some(_) }) => self.overlaid(&file, &text, &templates, &given),
                    _ => self.whole(&file, text, in_base.then_some(&mut templates), &given),
                };
                let Some(procedure) = procedure else { continue };
                if !seen.insert(procedure.id.clone()) {
                    let message = format!("procedure `{}` is defined twice", procedure.id);
                    self.fault(
                        &Place {
                            file: file.as_str().into(),
                            line: 1,
                        },
                        message,
                    );
                }
                // Overriding a base rule is by its id, whole.
                procedures.retain(|other| other.id != procedure.id);
                procedures.push(procedure);
            }
        }
        let known: Vec<String> = procedures.iter().map(|procedure| procedure.id.clone()).collect();
        self.duties_without_procedure(&duties, &known);
        procedures
    }

    pub(super) fn fault(&mut self, at: &Place, message: String) {
        self.errors.push(super::ProfileError {
            file: at.file.to_string(),
            line: at.line,
            message,
        });
    }

    fn with_settings(&mut self, file: &str, text: &str, settings: &Settings) -> Option<String> {
        match filled(text, settings) {
            Ok(text) => Some(text),
            Err(wrong) => {
                for (line, message) in wrong {
                    self.fault(
                        &Place {
                            file: file.into(),
                            line,
                        },
                        message,
                    );
                }
                None
            }
        }
    }

    /// A file that says everything itself. A template goes into the list and is no procedure yet.
    fn whole(
        &mut self,
        file: &str,
        text: String,
        templates: Option<&mut BTreeMap<String, Template>>,
        given: &Given<'_>,
    ) -> Option<Procedure> {
        let mut raw: RawProcedure = self.parse(file, &text)?;
        if raw.template {
            let id = raw.id.get_ref().clone();
            let template = Template {
                file: file.to_owned(),
                text,
                raw,
            };
            match templates {
                Some(templates) => {
                    templates.insert(id, template);
                }
                None => self.fault(&Place::whole(file), "only the base may hold templates".to_owned()),
            }
            return None;
        }
        settled(&mut raw, given.settings);
        given.duties.put_into(&mut raw);
        let mut site = Site::single(file, &text, &mut self.errors);
        site.duties = given.duties.text();
        Some(site.procedure(&raw))
    }

    fn overlaid(
        &mut self,
        file: &str,
        text: &str,
        templates: &BTreeMap<String, Template>,
        given: &Given<'_>,
    ) -> Option<Procedure> {
        let raw: RawOverlay = self.parse(file, text)?;
        let at = |offset: usize| Place {
            file: file.into(),
            line: line_of(text, offset),
        };
        let Some(template) = templates.get(raw.extends.get_ref()) else {
            let message = format!("the base has no template `{}`", raw.extends.get_ref());
            self.fault(&at(raw.extends.span().start), message);
            return None;
        };
        // A basis given from here to an inherited rule is checked here, where it can be mended.
        for id in raw.basis.iter().flat_map(|basis| &basis.cite) {
            let known = id
                .get_ref()
                .parse()
                .is_ok_and(|id: ClauseId| given.clauses.contains_key(&id));
            if !known {
                self.fault(
                    &at(id.span().start),
                    format!("clause `{}` does not exist", id.get_ref()),
                );
            }
        }
        let (mut laid, wrong) = overlay::laid_over(template.raw.clone(), raw);
        for (offset, message) in wrong {
            self.fault(&at(offset), message);
        }
        settled(&mut laid, given.settings);
        given.duties.put_into(&mut laid);
        let mut site = Site {
            own: Text { file, text },
            base: Text {
                file: &template.file,
                text: &template.text,
            },
            duties: given.duties.text(),
            procedure: None,
            errors: &mut self.errors,
        };
        Some(site.procedure(&laid))
    }
}
