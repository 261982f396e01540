//! Guards: from the keys a profile writes to one rule of the closed list.

use shuyu_kernel::calendar::Limit;

use super::{convert::Site, fields::fields_of};
use crate::{
    affiliates::Touches,
    condition::{When, Whens},
    guard::{Guard, Rule},
    place::Place,
    raw::{RawGuard, RawProcedure},
};

impl Site<'_> {
    pub(super) fn guard(&mut self, raw: &RawGuard, procedure: &RawProcedure) -> Option<Guard> {
        let at = self.place(&raw.rule, raw);
        let basis = self.basis(raw, "guard", &at);
        let rule = match self.rule(raw, procedure) {
            Ok(rule) => rule,
            Err(message) => {
                self.error(&at, format!("guard `{}`: {message}", raw.rule.get_ref()));
                return None;
            }
        };
        let code_is_stable = raw
            .code
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if raw.code.is_empty() || !code_is_stable {
            self.error(&at, format!("refusal code `{}` is not snake_case", raw.code));
        }
        Some(Guard {
            rule,
            code: raw.code.clone(),
            when: self.whens(raw.when.as_ref(), &at),
            dated: self.dated(raw.in_force_from, raw.in_force_to, &at),
            exception: raw.exception.clone(),
            negated: false,
            basis,
            at,
        })
    }

    /// Conditions as written, each sound in itself.
    pub(super) fn whens(&mut self, raw: Option<&Whens>, at: &Place) -> Vec<When> {
        let list = raw.map(Whens::list).unwrap_or_default();
        for fault in list.iter().filter_map(When::fault) {
            self.error(at, fault.to_owned());
        }
        list
    }

    #[expect(clippy::unused_self, reason = "reads as part of the conversion")]
    fn rule(&self, raw: &RawGuard, procedure: &RawProcedure) -> Result<Rule, String> {
        let text = |value: &Option<String>, name: &str| value.clone().ok_or(format!("`{name}` is missing"));
        let limit = |value: Option<Limit>| value.ok_or("`limit` is missing".to_owned());
        let some = |list: &[String], name: &str| {
            if list.is_empty() {
                Err(format!("`{name}` is empty"))
            } else {
                Ok(list.to_vec())
            }
        };
        let several = || {
            let fields: Vec<String> = raw.field.iter().chain(&raw.fields).cloned().collect();
            some(&fields, "fields")
        };
        let query = || raw.cases.clone().ok_or("`cases` is missing".to_owned());
        Ok(match raw.rule.get_ref().as_str() {
            "complete" => {
                let mut fields = raw.fields.clone();
                fields.extend(raw.field.clone());
                if let Some(group) = &raw.group {
                    fields.extend(fields_of(procedure, group));
                }
                Rule::Complete {
                    fields: some(&fields, "fields")?,
                }
            }
            "one_of" => Rule::OneOf {
                fields: several()?,
                values: some(&raw.values, "values")?,
            },
            "term_at_most" => Rule::TermAtMost {
                from: text(&raw.from, "from")?,
                to: text(&raw.to, "to")?,
                limit: limit(raw.limit)?,
                exact: raw.exact,
            },
            "in_order" => Rule::InOrder {
                low: text(&raw.low, "low")?.parse()?,
                gap: raw.gap,
                high: text(&raw.high, "high")?.parse()?,
            },
            "some_case" => Rule::SomeCase(query()?),
            "no_case" => Rule::NoCase(query()?),
            "linked" => Rule::Linked {
                link: text(&raw.link, "link")?,
                stages: some(&raw.stages, "stages")?,
            },
            "linked_field" => Rule::LinkedField {
                link: text(&raw.link, "link")?,
                field: text(&raw.field, "field")?,
                values: some(&raw.values, "values")?,
            },
            "same_as_linked" => Rule::SameAsLinked {
                field: text(&raw.field, "field")?,
                link: text(&raw.link, "link")?,
                other: text(&raw.other, "other")?,
            },
            "within" => Rule::Within {
                field: text(&raw.field, "field")?,
                via: some(&raw.via, "via")?,
                other: text(&raw.other, "other")?,
            },
            "whole_days" => Rule::WholeDays {
                clock: text(&raw.clock, "clock")?,
            },
            "before_due" => Rule::BeforeDue {
                clock: text(&raw.clock, "clock")?,
            },
            "no_open_objection" => Rule::NoOpenObjection,
            "objections_mended" => Rule::ObjectionsMended,
            "not_same_person" => {
                let acts: Vec<String> = raw.acts.iter().chain(&raw.act).cloned().collect();
                Rule::NotSamePerson {
                    acts: some(&acts, "acts")?,
                }
            }
            "not_same_body" => Rule::NotSameBody {
                role: text(&raw.role, "role")?,
            },
            "unaffiliated" => {
                let touches = text(&raw.touches, "touches")?.parse()?;
                if touches == Touches::Delivered && raw.cases.is_none() {
                    return Err("`delivered` needs `cases`: where a delivered product shows".to_owned());
                }
                Rule::Unaffiliated {
                    body: text(&raw.body, "body")?.parse()?,
                    role: text(&raw.role, "role")?,
                    via: raw.via.clone(),
                    touches,
                    cases: raw.cases.clone(),
                }
            }
            "done" => Rule::Done {
                act: text(&raw.act, "act")?,
                since: raw.since.clone(),
            },
            "lanes_approved" => Rule::LanesApproved,
            "at_most_field" => Rule::AtMostField {
                field: text(&raw.field, "field")?,
                ceiling: text(&raw.ceiling, "ceiling")?,
            },
            "zero" => Rule::Zero { fields: several()? },
            "retained" => Rule::Retained {
                act: text(&raw.act, "act")?,
                limit: limit(raw.limit)?,
            },
            "balanced" => Rule::Balanced {
                left: text(&raw.left, "left")?,
                right: text(&raw.right, "right")?,
            },
            "columns_justified" => Rule::ColumnsJustified {
                field: text(&raw.field, "field")?,
            },
            other => return Err(format!("`{other}` is not in the closed list of guards")),
        })
    }
}
