//! A question as the page shows it.

use shuyu_app::read::Material;
use shuyu_domain::port::CaseRow;
use shuyu_kernel::{CivilDate, Digest, Money};
use shuyu_profile::{Field, FieldType, Profile};

use super::{
    columns::{self, TableMatrix},
    plan::Input,
};
use crate::page::{
    Frame, Grounds,
    frame::post_title,
    parts::{Choice, size},
};

/// A question as the page shows it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Question {
    pub id: String,
    pub name: String,
    pub label: String,
    pub help: String,
    pub required: bool,
    pub personal: bool,
    pub grounds: Grounds,
    pub error: String,
    pub kind: &'static str,
    pub value: String,
    pub options: Vec<Choice>,
    pub tables: Vec<TableMatrix>,
    pub paper: String,
}

impl Question {
    /// The question of an input with its present answer.
    pub(crate) fn of(
        frame: &Frame,
        profile: &Profile,
        material: &Material,
        input: &Input,
        answer: &str,
    ) -> Self {
        let mut question = Self {
            id: input.html_id().to_owned(),
            name: format!("f.{}", input.html_id()),
            label: input.label(frame),
            required: input.required(),
            value: answer.to_owned(),
            ..Self::default()
        };
        match input {
            Input::Field { field, .. } => question.of_field(frame, profile, material, field),
            Input::Manner => {
                question.kind = "yes_no";
                question.help = frame.t("form-manner-help");
                let options = [
                    ("in_person", frame.t("manner-in-person")),
                    ("on_behalf", frame.t("manner-on-behalf")),
                ];
                question.options = options
                    .map(|(value, label)| choice(value, label, answer))
                    .to_vec();
            }
            Input::HappenedOn { .. } => {
                question.kind = "date";
                question.help = frame.t("form-happened-on-help");
            }
            Input::Paper { .. } => {
                question.help = frame.t("form-paper-help");
                question.file(frame, material);
            }
            Input::Strike { columns } => {
                question.kind = "strike";
                question.help = frame.t("form-strike-help");
                let struck: Vec<&str> = answer.lines().collect();
                question.options = columns
                    .iter()
                    .map(|column| Choice {
                        value: column.clone(),
                        label: column.clone(),
                        selected: struck.contains(&column.as_str()),
                    })
                    .collect();
            }
        }
        question
    }

    fn of_field(&mut self, frame: &Frame, profile: &Profile, material: &Material, field: &Field) {
        self.help = frame.pick(&field.help, &field.help_en).to_owned();
        self.personal = field.personal;
        self.grounds = Grounds::of(frame, profile, &field.basis);
        let answer = self.value.clone();
        match field.ty {
            FieldType::Text => self.kind = "text",
            FieldType::Paragraph => self.kind = "paragraph",
            FieldType::Figures => self.kind = "figures",
            FieldType::Date => self.kind = "date",
            FieldType::Money => self.kind = "money",
            FieldType::Integer => self.kind = "integer",
            FieldType::YesNo => {
                self.kind = "yes_no";
                let options = [("yes", frame.t("yes")), ("no", frame.t("no"))];
                self.options = options
                    .map(|(value, label)| choice(value, label, &answer))
                    .to_vec();
            }
            FieldType::Choice => {
                self.kind = "select";
                let options = field.choices.iter();
                self.options = options
                    .map(|c| choice(&c.id, frame.pick(&c.title, &c.title_en).to_owned(), &answer))
                    .collect();
            }
            FieldType::File => self.file(frame, material),
            FieldType::Body => {
                self.kind = "select";
                let bodies = material.registry.bodies.values();
                let there = bodies.filter(|body| material.registry.still_there(body.id).is_ok());
                let fitting =
                    there.filter(|body| field.party.as_ref().is_none_or(|role| body.roles.contains(role)));
                self.options = fitting
                    .map(|body| choice(&body.id.to_string(), body.name.clone(), &answer))
                    .collect();
            }
            FieldType::Person => {
                self.kind = "select";
                let people = material.registry.people.values();
                let label = |person: &shuyu_domain::registry::Person| {
                    let posts = person.memberships.iter().map(|post| {
                        let body = material.registry.body_name(post.body);
                        format!("{body} {}", post_title(frame.lang, profile, &post.post))
                    });
                    format!("{} · {}", person.login, posts.collect::<Vec<_>>().join(" / "))
                };
                self.options = people
                    .map(|person| choice(&person.id.to_string(), label(person), &answer))
                    .collect();
            }
            FieldType::Case => {
                self.kind = "select";
                self.options = cases(material, field, &[answer.as_str()]);
            }
            FieldType::Cases => {
                self.kind = "cases";
                self.options = cases(material, field, &answer.split_whitespace().collect::<Vec<_>>());
            }
            FieldType::Columns => {
                self.kind = "columns";
                self.tables = columns::matrix(frame, &material.tables, &answer);
            }
        }
    }

    fn file(&mut self, frame: &Frame, material: &Material) {
        self.kind = "file";
        let limit = size(frame, shuyu_app::files::PAPER_LIMIT_BYTES);
        let said = frame.tr("form-file-limit", &[("limit", limit)]);
        self.help = if self.help.is_empty() {
            said
        } else {
            format!("{} {said}", self.help)
        };
        for upload in &material.uploads {
            let digest = upload.digest.to_string();
            let label = format!(
                "{} · {} · SM3 {}",
                upload.name,
                size(frame, upload.size_bytes),
                upload.digest.short()
            );
            if digest == self.value {
                self.paper.clone_from(&upload.name);
            }
            self.options.push(choice(&digest, label, &self.value));
        }
    }

    /// The answer in words, for the check page.
    pub(crate) fn answer_text(&self) -> String {
        match self.kind {
            "columns" => columns::summary(&self.tables),
            "file" if !self.paper.is_empty() => self.paper.clone(),
            "select" | "yes_no" | "cases" | "strike" => {
                let chosen: Vec<&str> = self
                    .options
                    .iter()
                    .filter(|option| option.selected)
                    .map(|option| option.label.as_str())
                    .collect();
                chosen.join("\n")
            }
            _ => self.value.clone(),
        }
    }

    /// Several controls under one legend.
    pub(crate) fn is_set(&self) -> bool {
        matches!(self.kind, "yes_no" | "cases" | "strike" | "columns")
    }

    /// Type of the control.
    pub(crate) fn input_type(&self) -> &'static str {
        match self.kind {
            "date" => "date",
            "yes_no" => "radio",
            "cases" | "strike" => "checkbox",
            _ => "text",
        }
    }

    /// Keyboard to offer.
    pub(crate) fn input_mode(&self) -> &'static str {
        match self.kind {
            "integer" => "numeric",
            "money" => "decimal",
            _ => "",
        }
    }

    /// Ids of help and error.
    pub(crate) fn described_by(&self) -> String {
        let help = (!self.help.is_empty()).then(|| format!("h-{}", self.id));
        let error = (!self.error.is_empty()).then(|| format!("e-{}", self.id));
        help.into_iter().chain(error).collect::<Vec<_>>().join(" ")
    }
}

fn choice(value: &str, label: String, answer: &str) -> Choice {
    Choice {
        value: value.to_owned(),
        label,
        selected: value == answer,
    }
}

fn cases(material: &Material, field: &Field, chosen: &[&str]) -> Vec<Choice> {
    let rows: &[CaseRow] = material
        .cases
        .get(field.procedure.as_deref().unwrap_or_default())
        .map_or(&[], Vec::as_slice);
    rows.iter()
        .map(|row| {
            let id = row.id.to_string();
            Choice {
                selected: chosen.contains(&id.as_str()),
                label: format!("{} {}", row.number, row.title),
                value: id,
            }
        })
        .collect()
}

/// What is wrong with a typed answer, as the key of the words; `None` if it reads well.
pub(crate) fn wrong(input: &Input, answer: &str) -> Option<&'static str> {
    let answer = answer.trim();
    if answer.is_empty() {
        return None;
    }
    let ty = match input {
        Input::Field { field, .. } => field.ty,
        Input::HappenedOn { .. } => FieldType::Date,
        Input::Paper { .. } => FieldType::File,
        Input::Manner | Input::Strike { .. } => return None,
    };
    let bad = match ty {
        FieldType::Date => answer.parse::<CivilDate>().is_err().then_some("form-wrong-date"),
        FieldType::Money => answer.parse::<Money>().is_err().then_some("form-wrong-money"),
        FieldType::Integer => answer.parse::<i64>().is_err().then_some("form-wrong-integer"),
        FieldType::File => answer.parse::<Digest>().is_err().then_some("form-wrong-file"),
        FieldType::Figures => answer
            .lines()
            .any(|line| !line.contains('='))
            .then_some("form-wrong-figures"),
        _ => None,
    };
    if bad.is_some() {
        return bad;
    }
    let field = input.field().filter(|field| field.ty != FieldType::File)?;
    shuyu_domain::Value::parse(field, answer)
        .is_err()
        .then_some("form-wrong-choice")
}
