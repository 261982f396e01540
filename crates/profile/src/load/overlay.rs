//! Overlays: a jurisdiction's file that extends a template of the base, rule by rule.
//!
//! A rule is replaced whole by a rule of the same id, dropped by name, or given another basis; nothing is merged
//! deeper. Names of rules: `procedure`, `open`, `act:ID`, `stage:ID`, `clock:ID`, `lane:ID`, `field:ID`,
//! `group:ID`, `guard:ACT/CODE` (with `open` for the act of opening).

use toml::Spanned;

use crate::raw::{HasBasis, Origin, RawBasisOf, RawField, RawGuard, RawOverlay, RawProcedure, StatedBasis};

/// What is wrong with an overlay: the place in its own text, and why.
pub(super) type Wrong = (usize, String);

/// The template with the overlay laid over it. Faults carry byte offsets into the overlay's text.
pub(super) fn laid_over(mut template: RawProcedure, overlay: RawOverlay) -> (RawProcedure, Vec<Wrong>) {
    template.come_from(Origin::Base);
    let mut wrong = twice(&overlay);
    for name in &overlay.drop {
        if !drop_rule(&mut template, name.get_ref()) {
            wrong.push(missing(name, "drop"));
        }
    }
    replace_head(&mut template, &overlay);
    put(&mut template.stage, overlay.stage, |x| x.id.get_ref());
    put(&mut template.clock, overlay.clock, |x| x.id.get_ref());
    put(&mut template.lane, overlay.lane, |x| x.id.get_ref());
    put(&mut template.group, overlay.group, |x| x.id.get_ref());
    put(&mut template.field, overlay.field, |x: &RawField| x.id.get_ref());
    put(&mut template.act, overlay.act, |x| x.id.get_ref());
    for guard in overlay.guard {
        add_guard(&mut template, guard, &mut wrong);
    }
    for rename in &overlay.rename {
        if !renamed(
            &mut template,
            rename.of.get_ref(),
            &rename.title,
            &rename.title_en,
        ) {
            wrong.push(missing(&rename.of, "rename"));
        }
    }
    for basis in &overlay.basis {
        for name in &basis.of {
            if !rest_on(&mut template, name.get_ref(), basis) {
                wrong.push(missing(name, "basis"));
            }
        }
    }
    (template, wrong)
}

/// Rules that the overlay writes a second time: the later one would silently take the place of the earlier.
fn twice(overlay: &RawOverlay) -> Vec<Wrong> {
    fn of<'a>(ids: impl Iterator<Item = &'a Spanned<String>>, wrong: &mut Vec<Wrong>) {
        let mut seen = std::collections::BTreeSet::new();
        for id in ids {
            if !seen.insert(id.get_ref()) {
                wrong.push((
                    id.span().start,
                    format!("`{}` stands twice in this overlay", id.get_ref()),
                ));
            }
        }
    }
    let mut wrong = Vec::new();
    of(overlay.stage.iter().map(|x| &x.id), &mut wrong);
    of(overlay.clock.iter().map(|x| &x.id), &mut wrong);
    of(overlay.lane.iter().map(|x| &x.id), &mut wrong);
    of(overlay.group.iter().map(|x| &x.id), &mut wrong);
    of(overlay.field.iter().map(|x| &x.id), &mut wrong);
    of(overlay.act.iter().map(|x| &x.id), &mut wrong);
    wrong
}

fn missing(name: &Spanned<String>, key: &str) -> Wrong {
    (
        name.span().start,
        format!(
            "`{key}` names `{}`, which the template does not have",
            name.get_ref()
        ),
    )
}

fn replace_head(template: &mut RawProcedure, overlay: &RawOverlay) {
    let texts = [
        (&mut template.title, &overlay.title),
        (&mut template.title_en, &overlay.title_en),
        (&mut template.section, &overlay.section),
        (&mut template.number_prefix, &overlay.number_prefix),
    ];
    for (old, new) in texts {
        if let Some(new) = new {
            old.clone_from(new);
        }
    }
    if let Some(parties) = &overlay.parties {
        template.parties.clone_from(parties);
    }
    if let Some(by) = &overlay.open_by {
        template.open.by.clone_from(by);
    }
}

/// Rules of the same id are replaced where they stand; others are added at the end.
fn put<T>(rules: &mut Vec<T>, new: Vec<T>, id: impl Fn(&T) -> &str) {
    for rule in new {
        match rules.iter_mut().find(|old| id(old) == id(&rule)) {
            Some(old) => *old = rule,
            None => rules.push(rule),
        }
    }
}

fn add_guard(template: &mut RawProcedure, guard: RawGuard, wrong: &mut Vec<Wrong>) {
    let Some(of) = guard.of.clone() else {
        let place = guard.rule.span().start;
        return wrong.push((place, "a guard of an overlay names its act in `of`".to_owned()));
    };
    match guards_of(template, of.get_ref()) {
        Some(guards) => put(guards, vec![guard], |x| x.code.as_str()),
        None => wrong.push(missing(&of, "of")),
    }
}

fn guards_of<'a>(template: &'a mut RawProcedure, act: &str) -> Option<&'a mut Vec<RawGuard>> {
    if act == "open" {
        return Some(&mut template.open.guard);
    }
    let mut acts = template.act.iter_mut();
    acts.find(|other| other.id.get_ref() == act)
        .map(|act| &mut act.guard)
}

fn drop_rule(template: &mut RawProcedure, name: &str) -> bool {
    fn gone<T>(rules: &mut Vec<T>, keep: impl Fn(&T) -> bool) -> bool {
        let before = rules.len();
        rules.retain(keep);
        rules.len() < before
    }
    match name.split_once(':') {
        Some(("act", id)) => gone(&mut template.act, |x| x.id.get_ref() != id),
        Some(("stage", id)) => gone(&mut template.stage, |x| x.id.get_ref() != id),
        Some(("clock", id)) => gone(&mut template.clock, |x| x.id.get_ref() != id),
        Some(("lane", id)) => gone(&mut template.lane, |x| x.id.get_ref() != id),
        Some(("field", id)) => {
            for act in &mut template.act {
                act.records.retain(|field| field != id);
            }
            gone(&mut template.field, |x| x.id.get_ref() != id)
        }
        Some(("group", id)) => {
            let fields: Vec<String> = template
                .field
                .iter()
                .filter(|field| field.group == id)
                .map(|field| field.id.get_ref().clone())
                .collect();
            for field in &fields {
                drop_rule(template, &format!("field:{field}"));
            }
            gone(&mut template.group, |x| x.id.get_ref() != id)
        }
        Some(("guard", id)) => id.split_once('/').is_some_and(|(act, code)| {
            guards_of(template, act).is_some_and(|guards| gone(guards, |x| x.code != code))
        }),
        _ => false,
    }
}

fn renamed(template: &mut RawProcedure, name: &str, title: &str, title_en: &str) -> bool {
    macro_rules! of {
        ($rules:expr, $id:expr) => {
            $rules
                .iter_mut()
                .find(|x| x.id.get_ref() == $id)
                .is_some_and(|x| {
                    title.clone_into(&mut x.title);
                    title_en.clone_into(&mut x.title_en);
                    true
                })
        };
    }
    match name.split_once(':') {
        Some(("act", id)) => of!(template.act, id),
        Some(("stage", id)) => of!(template.stage, id),
        Some(("clock", id)) => of!(template.clock, id),
        Some(("lane", id)) => of!(template.lane, id),
        Some(("field", id)) => of!(template.field, id),
        Some(("group", id)) => of!(template.group, id),
        _ => false,
    }
}

fn rest_on(template: &mut RawProcedure, name: &str, basis: &RawBasisOf) -> bool {
    let stated = basis.copied();
    let give = |rule: Option<&mut dyn SetBasis>| {
        rule.is_some_and(|rule| {
            rule.set(stated.clone());
            true
        })
    };
    macro_rules! of {
        ($rules:expr, $id:expr) => {
            give(
                $rules
                    .iter_mut()
                    .find(|x| x.id.get_ref() == $id)
                    .map(|x| x as &mut dyn SetBasis),
            )
        };
    }
    match name.split_once(':') {
        None if name == "procedure" => {
            template.set_basis(stated);
            true
        }
        Some(("act", id)) => of!(template.act, id),
        Some(("stage", id)) => of!(template.stage, id),
        Some(("clock", id)) => of!(template.clock, id),
        Some(("lane", id)) => of!(template.lane, id),
        Some(("field", id)) => of!(template.field, id),
        Some(("group", id)) => {
            for field in template.field.iter_mut().filter(|field| field.group == id) {
                field.set_basis(stated.clone());
            }
            of!(template.group, id)
        }
        Some(("guard", id)) => id.split_once('/').is_some_and(|(act, code)| {
            // The same code may stand twice before one act, under different conditions.
            let guards = guards_of(template, act).into_iter().flatten();
            guards.filter(|guard| guard.code == code).fold(false, |_, guard| {
                guard.set_basis(stated.clone());
                true
            })
        }),
        _ => false,
    }
}

/// A rule whose basis can be replaced.
trait SetBasis {
    fn set(&mut self, stated: StatedBasis);
}

impl<T: HasBasis> SetBasis for T {
    fn set(&mut self, stated: StatedBasis) {
        self.set_basis(stated);
    }
}
