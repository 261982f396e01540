//! Groups that classes are made of.
//!
//! A *class* is what a sensitive column or a measure makes of a *group*. Who is in the group is no secret to whoever
//! knows all else about the people, so its number counts as told, whether anybody asked for it or not. Those who have
//! something among all, and those who have it not among all but one, are as many as all or one fewer: neither set is
//! small, they have nobody in common, and yet both together speak of one person. So beside the sets of classes (L2, L4)
//! their groups are compared:
//!
//! * A class that is its whole group but for a few subjects, and tied to it by more than AND, is answered as the group.
//! * A class of a group that is a few subjects away from others, or from what others come to, is withheld if it is, but
//!   for a few subjects, what groups and answers around it come to. So is one whose group is tied to the secret.
//!
//! Nobody in either group has a say in which it is by a secret of theirs: groups are compared with groups, and whether
//! the few subjects have it or not, what comes out is the same.

use std::{cmp::Reverse, sync::Arc};

use imbl::{OrdMap, Vector};

use crate::{
    book::Family,
    contributions::Contributions,
    members::Members,
    noise::Tally,
    relations::{Relation, Relations},
    release::SetKey,
};

/// Most groups and answers around a group that are put together. Beyond it a class is taken to complete it.
const MOST_AROUND: usize = 300;

/// The group that the set of a sum is a class of.
#[derive(Debug, Clone, Copy)]
pub struct Group<'a> {
    /// What its subjects contribute to the same sum.
    pub contributions: &'a Contributions,
    /// What that comes to.
    pub tally: &'a Tally,
    /// Group and class are tied together by more than AND, so that who is looked at may depend on the group.
    pub tied: bool,
}

/// A group is named by its subjects, and these with what they contribute.
pub(crate) type GroupKey = (SetKey, u64);

/// The group of a class.
pub(crate) struct MadeOf<'a> {
    pub contributions: &'a Contributions,
    pub tied: bool,
    pub tally: &'a Tally,
    pub members: Members,
}

impl MadeOf<'_> {
    pub fn key(&self) -> GroupKey {
        (self.tally.set, self.tally.contribution)
    }
}

/// Fewest subjects that are many: of a group, and apart from another one.
pub(crate) struct Fewest<'a> {
    pub least: u64,
    pub apart: &'a dyn Fn(SetKey) -> u64,
}

/// Groups of which a class was answered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Groups {
    all: Vector<(GroupKey, Arc<Members>, bool)>,
    places: OrdMap<GroupKey, usize>,
    relations: Relations,
}

impl Groups {
    /// Whether a group is a few subjects away from others, or from what they come to.
    pub fn near(&mut self, key: GroupKey, members: &Members, fewest: &Fewest<'_>) -> bool {
        // Asked anew also of a group that is remembered: what makes it near may have come later. Around a near group all
        // are near, since what completes one may be a class of another.
        let mut around = self.around(members);
        let close = around.any(|(other, known, near)| {
            near || key.0 != other.0 && members.distance(known) < (fewest.apart)(other.0)
        });
        drop(around);
        if close {
            return true;
        }
        let classes = self.relations.split(members);
        let (relation, before) = self.relations.put(&classes, fewest.least);
        self.relations.undo(before);
        relation == Relation::Exposing
    }

    /// Remembers a group.
    pub fn add(&mut self, key: GroupKey, members: Members, near: bool, least: u64) {
        if self.places.contains_key(&key) {
            return;
        }
        let classes = self.relations.split(&members);
        if !near {
            self.relations.put(&classes, least);
        }
        let place = self.all.len();
        self.relations
            .add_cell(u32::try_from(place).unwrap_or(u32::MAX), &classes);
        self.places.insert(key, place);
        self.all.push_back((key, Arc::new(members), near));
    }

    /// Whether a group is remembered.
    pub fn knows(&self, key: GroupKey) -> bool {
        self.places.contains_key(&key)
    }

    /// Groups that have somebody in common with one.
    fn around(&self, members: &Members) -> impl Iterator<Item = (GroupKey, &Members, bool)> {
        let shared = self
            .relations
            .overlaps(&self.relations.touched(members))
            .into_keys();
        shared.filter_map(|place| {
            let (key, members, near) = self.all.get(place as usize)?;
            Some((*key, members.as_ref(), *near))
        })
    }
}

impl Family {
    /// Whether a class is, but for fewer than `least` subjects, what groups and answers around its group come to.
    pub fn nearly_made(&self, class: &Members, group: &Members, least: u64) -> bool {
        let known: Vec<&Members> = self.groups.around(group).map(|(_, members, _)| members).collect();
        let shared = self
            .relations
            .overlaps(&self.relations.touched(group))
            .into_iter();
        let answered = shared.filter_map(|(place, shared)| {
            let entry = self.entries.get(place as usize)?;
            entry.additive.then_some((&entry.members, shared))
        });
        let mut answered: Vec<(&Members, u64)> = answered.collect();
        // What lies inside of the group, the greatest first: of that a group is put together.
        answered.sort_by_key(|(members, shared)| (members.len().saturating_sub(*shared), Reverse(*shared)));
        if known.len() + answered.len() > MOST_AROUND {
            return true;
        }
        let answered = answered.into_iter().map(|(members, _)| members);
        let mut relations = Relations::default();
        for members in [group].into_iter().chain(known).chain(answered) {
            let classes = relations.split(members);
            relations.put(&classes, least);
        }
        relations.nearly_spans(class, least)
    }
}
