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
        let rule = match rule(raw, procedure) {
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
}

/// The rule of a guard, from the closed list.
fn rule(raw: &RawGuard, procedure: &RawProcedure) -> Result<Rule, String> {
    match raw.rule.get_ref().as_str() {
        "complete" | "one_of" | "zero" | "columns_justified" | "term_at_most" | "in_order"
        | "at_most_field" | "balanced" => about_fields(raw, procedure),
        "some_case" | "no_case" | "linked" | "linked_field" | "same_as_linked" | "within" => about_cases(raw),
        "whole_days" | "before_due" | "done" | "retained" => about_time(raw),
        "not_same_person" | "not_same_body" | "unaffiliated" => about_people(raw),
        "no_open_objection" => Ok(Rule::NoOpenObjection),
        "objections_mended" => Ok(Rule::ObjectionsMended),
        "lanes_approved" => Ok(Rule::LanesApproved),
        other => Err(unlisted(other)),
    }
}

fn unlisted(rule: &str) -> String {
    format!("`{rule}` is not in the closed list of guards")
}

fn text(value: Option<&String>, name: &str) -> Result<String, String> {
    value.cloned().ok_or(format!("`{name}` is missing"))
}

fn limit(value: Option<Limit>) -> Result<Limit, String> {
    value.ok_or("`limit` is missing".to_owned())
}

fn some(list: &[String], name: &str) -> Result<Vec<String>, String> {
    if list.is_empty() {
        Err(format!("`{name}` is empty"))
    } else {
        Ok(list.to_vec())
    }
}

/// Guards about what is filled in.
fn about_fields(raw: &RawGuard, procedure: &RawProcedure) -> Result<Rule, String> {
    let several = || {
        let fields: Vec<String> = raw.field.iter().chain(&raw.fields).cloned().collect();
        some(&fields, "fields")
    };
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
        "zero" => Rule::Zero { fields: several()? },
        "columns_justified" => Rule::ColumnsJustified {
            field: text(raw.field.as_ref(), "field")?,
        },
        "term_at_most" => Rule::TermAtMost {
            from: text(raw.from.as_ref(), "from")?,
            to: text(raw.to.as_ref(), "to")?,
            limit: limit(raw.limit)?,
            exact: raw.exact,
        },
        "in_order" => Rule::InOrder {
            low: text(raw.low.as_ref(), "low")?.parse()?,
            gap: raw.gap,
            high: text(raw.high.as_ref(), "high")?.parse()?,
        },
        "at_most_field" => Rule::AtMostField {
            field: text(raw.field.as_ref(), "field")?,
            ceiling: text(raw.ceiling.as_ref(), "ceiling")?,
        },
        "balanced" => Rule::Balanced {
            left: text(raw.left.as_ref(), "left")?,
            right: text(raw.right.as_ref(), "right")?,
        },
        other => return Err(unlisted(other)),
    })
}

/// Guards about other cases.
fn about_cases(raw: &RawGuard) -> Result<Rule, String> {
    let query = || raw.cases.clone().ok_or("`cases` is missing".to_owned());
    let link = || text(raw.link.as_ref(), "link");
    let (field, other) = (
        || text(raw.field.as_ref(), "field"),
        || text(raw.other.as_ref(), "other"),
    );
    Ok(match raw.rule.get_ref().as_str() {
        "some_case" => Rule::SomeCase(query()?),
        "no_case" => Rule::NoCase(query()?),
        "linked" => Rule::Linked {
            link: link()?,
            stages: some(&raw.stages, "stages")?,
        },
        "linked_field" => Rule::LinkedField {
            link: link()?,
            field: field()?,
            values: some(&raw.values, "values")?,
        },
        "same_as_linked" => Rule::SameAsLinked {
            field: field()?,
            link: link()?,
            other: other()?,
        },
        "within" => Rule::Within {
            field: field()?,
            via: some(&raw.via, "via")?,
            other: other()?,
        },
        other => return Err(unlisted(other)),
    })
}

/// Guards about clocks, and about acts that were done.
fn about_time(raw: &RawGuard) -> Result<Rule, String> {
    let (clock, act) = (
        || text(raw.clock.as_ref(), "clock"),
        || text(raw.act.as_ref(), "act"),
    );
    Ok(match raw.rule.get_ref().as_str() {
        "whole_days" => Rule::WholeDays { clock: clock()? },
        "before_due" => Rule::BeforeDue { clock: clock()? },
        "done" => Rule::Done {
            act: act()?,
            since: raw.since.clone(),
        },
        "retained" => Rule::Retained {
            act: act()?,
            limit: limit(raw.limit)?,
        },
        other => return Err(unlisted(other)),
    })
}

/// Guards about who acts.
fn about_people(raw: &RawGuard) -> Result<Rule, String> {
    let role = || text(raw.role.as_ref(), "role");
    Ok(match raw.rule.get_ref().as_str() {
        "not_same_person" => {
            let acts: Vec<String> = raw.acts.iter().chain(&raw.act).cloned().collect();
            Rule::NotSamePerson {
                acts: some(&acts, "acts")?,
            }
        }
        "not_same_body" => Rule::NotSameBody { role: role()? },
        "unaffiliated" => {
            let touches = text(raw.touches.as_ref(), "touches")?.parse()?;
            if touches == Touches::Delivered && raw.cases.is_none() {
                return Err("`delivered` needs `cases`: where a delivered product shows".to_owned());
            }
            Rule::Unaffiliated {
                body: text(raw.body.as_ref(), "body")?.parse()?,
                role: role()?,
                via: raw.via.clone(),
                touches,
                cases: raw.cases.clone(),
            }
        }
        other => return Err(unlisted(other)),
    })
}
