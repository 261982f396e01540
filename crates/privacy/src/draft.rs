//! Judges the sums of one statement against the release ledger.

mod meeting;

use std::{collections::BTreeMap, sync::Arc};

use shuyu_kernel::Fault;

use crate::{
    book::{Book, Entry, FEW, Head, Remembered, Verdict},
    contributions::Contributions,
    groups::{Group, GroupKey, MadeOf},
    judge::Judge,
    members::Members,
    noise::{Kind, Tally},
    permit::Thresholds,
    prf::GateKey,
    relations::Relation,
    rules::{Rule, Rules},
    touched::Touched,
};
use meeting::Met;

/// A sum that is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Sought<'a> {
    /// See [`Entry::family`].
    pub family: &'a str,
    /// Of what kind it is.
    pub kind: Kind,
    /// Its subjects, each once.
    pub contributions: &'a Contributions,
    /// What they come to.
    pub tally: &'a Tally,
    /// Every subject has one row, so that what it contributes to a sum does not depend on the cell.
    pub one_row: bool,
    /// An own list has a say in who its subjects are.
    pub fused: bool,
    /// The groups that its subjects are classes of: one for each sensitive column or measure that says who they are.
    pub groups: &'a [Group<'a>],
}

/// The book as it would be after the statement that is being judged.
pub struct Draft<'a> {
    book: Book,
    units: Vec<u64>,
    entries: Vec<Arc<Entry>>,
    /// Groups and sums that were answered as others, with who is in them.
    further: Vec<(Head, Option<Members>)>,
    party: &'a str,
    thresholds: &'a Thresholds,
    key: &'a GateKey,
    rules: &'a Rules,
    /// Answers leave as they are, and only after people have looked at them.
    exact: bool,
    /// Members of groups that came up in this statement: every cell of one has the same.
    made: BTreeMap<GroupKey, Members>,
    /// Subjects whose ordinals were asked for.
    met: Met,
}

impl<'a> Draft<'a> {
    /// A draft that begins where the book ends.
    pub fn new(
        book: &Book,
        party: &'a str,
        thresholds: &'a Thresholds,
        key: &'a GateKey,
        rules: &'a Rules,
    ) -> Self {
        Self {
            book: book.clone(),
            units: Vec::new(),
            entries: Vec::new(),
            further: Vec::new(),
            party,
            thresholds,
            key,
            rules,
            exact: false,
            made: BTreeMap::new(),
            met: Met::default(),
        }
    }

    /// The same for mode `review`: what leaves is not perturbed, since people look at it first. All is remembered as if
    /// it were, so that whoever asks the same in mode `stat` has the answer that everybody has. What could only be
    /// answered as another sum is not answered: it would be exact about other subjects than those asked about.
    #[must_use]
    pub fn exactly(self) -> Self {
        Self { exact: true, ..self }
    }

    /// Whether an own list has a say in who is in the set, as far as that is held against it.
    fn is_fused(&self, sought: &Sought<'_>) -> bool {
        sought.fused && self.rules.hold(Rule::Fused)
    }

    /// The answer to a sum; a fresh one is remembered.
    pub fn answer(&mut self, sought: &Sought<'_>) -> Verdict {
        let verdict = self.perturbed(sought);
        if !self.exact {
            return verdict;
        }
        match verdict {
            Verdict::Fresh(_) => Verdict::Fresh(sought.tally.total),
            Verdict::Again(_) => Verdict::Again(sought.tally.total),
            Verdict::Snapped(_) | Verdict::Suppressed => Verdict::Suppressed,
        }
    }

    fn perturbed(&mut self, sought: &Sought<'_>) -> Verdict {
        let close = self.rules.hold(Rule::Close);
        if close && let Some(verdict) = self.before(sought) {
            return verdict;
        }
        let fresh = sought
            .tally
            .perturbed(sought.kind, self.thresholds, self.key, self.rules);
        let members = self.members(sought.contributions);
        let groups = sought.groups.iter().filter(|_| self.rules.hold(Rule::Groups));
        let groups: Vec<MadeOf<'_>> = groups.map(|group| self.made_of(group)).collect();
        if let Some(group) = groups
            .iter()
            .find(|group| self.is_nearly(sought, &members, group))
        {
            return match sought.kind {
                // Greatest, smallest and different values of a group are not added up, and sizes alone decide here.
                Kind::Distinct | Kind::Quantile => Verdict::Suppressed,
                Kind::Count | Kind::Sum => self.as_its_group(sought, group),
            };
        }
        let entry = self.entry(sought, members, fresh);
        let family = self.book.families.entry(entry.family.clone()).or_default();
        let touched = family.relations.touched(&entry.members);
        if close && let Some(verdict) = self.as_its_neighbour(&entry, &touched) {
            return verdict;
        }
        self.judged(entry, groups, &touched)
    }

    /// What the same sum was answered with, or as which other one.
    fn before(&self, sought: &Sought<'_>) -> Option<Verdict> {
        let family = self.book.families.get(sought.family)?;
        let sum = (sought.tally.set, sought.tally.contribution);
        let value = |place: &usize| family.entries.get(*place).map(|entry| entry.value);
        let again = family.known.get(&sum).and_then(value).map(Verdict::Again);
        again.or_else(|| family.snapped.get(&sum).and_then(value).map(Verdict::Snapped))
    }

    /// Answers a sum as the one that is too close to it, and for ever.
    fn as_its_neighbour(&mut self, entry: &Entry, touched: &Touched) -> Option<Verdict> {
        let family = self.book.families.entry(entry.family.clone()).or_default();
        let fused = entry.fused || family.chosen_by(self.party);
        let judge = Judge::of(self.thresholds, self.key, self.party, fused);
        let neighbour = judge.nearest(family, entry, touched)?;
        let (value, to) = (neighbour.value, (neighbour.set, neighbour.contribution));
        let sum = (entry.set, entry.contribution);
        let place = family.known.get(&to).copied();
        family.snapped.extend(place.map(|place| (sum, place)));
        let family = entry.family.clone();
        self.further.push((Head::Snapped { family, sum, to }, None));
        Some(Verdict::Snapped(value))
    }

    /// Answers a sum for the first time, unless with it too little would be hidden.
    fn judged(&mut self, entry: Entry, groups: Vec<MadeOf<'_>>, touched: &Touched) -> Verdict {
        let family = self.book.families.entry(entry.family.clone()).or_default();
        let fused = entry.fused || family.chosen_by(self.party);
        let judge = Judge::of(self.thresholds, self.key, self.party, fused);
        let least = judge.least(entry.set);
        let near: Vec<bool> = groups
            .iter()
            .map(|group| judge.near(&mut family.groups, group))
            .collect();
        let made = groups.iter().zip(&near).any(|(group, near)| {
            (*near || group.tied) && family.nearly_made(&entry.members, &group.members, least)
        });
        if made {
            return Verdict::Suppressed;
        }
        let split = family.split_by(&entry, touched);
        let classes = family.relations.split_touched(&entry.members, touched);
        let (relation, before) = if entry.additive {
            family.relations.put(&classes, least)
        } else {
            family.relations.pass()
        };
        let exposing = relation == Relation::Exposing && self.rules.hold(Rule::Relations);
        let used_up = relation != Relation::Known
            && self.rules.hold(Rule::Splits)
            && split.iter().any(|place| judge.used_up(family, *place));
        if exposing || used_up {
            family.relations.undo(before);
            return Verdict::Suppressed;
        }
        let counted = if relation == Relation::Known {
            &[][..]
        } else {
            &split
        };
        let (name, value) = (entry.family.clone(), entry.value);
        let entry = Arc::new(entry);
        family.add(Arc::clone(&entry), &classes, counted);
        self.entries.push(entry);
        for (group, near) in groups.into_iter().zip(near) {
            self.remember_group(&name, group, near);
        }
        Verdict::Fresh(value)
    }

    /// Enters an answer that was given by other means, so that what is asked next is compared with it (M1). It is not
    /// judged, and neither splits cells nor is split.
    pub fn enter(&mut self, sought: &Sought<'_>, value: f64) {
        let key = (sought.tally.set, sought.tally.contribution);
        let family = self.book.families.entry(sought.family.to_owned()).or_default();
        if sought.contributions.is_empty() || family.known.contains_key(&key) {
            return;
        }
        let members = self.members(sought.contributions);
        let entry = Entry {
            splits: false,
            ..self.entry(sought, members, value)
        };
        let family = self.book.families.entry(sought.family.to_owned()).or_default();
        let least = Judge::of(self.thresholds, self.key, self.party, entry.fused).least(entry.set);
        let classes = family.relations.split(&entry.members);
        if entry.additive {
            family.relations.put(&classes, least);
        }
        let entry = Arc::new(entry);
        family.add(Arc::clone(&entry), &classes, &[]);
        self.entries.push(entry);
    }

    fn entry(&self, sought: &Sought<'_>, members: Members, value: f64) -> Entry {
        let alike = |kind: Kind| match kind {
            Kind::Count => members.uniform(),
            Kind::Sum => true,
            Kind::Distinct | Kind::Quantile => false,
        };
        Entry {
            family: sought.family.to_owned(),
            set: sought.tally.set,
            contribution: sought.tally.contribution,
            value,
            party: self.party.to_owned(),
            additive: alike(sought.kind),
            splits: alike(sought.kind) && (sought.one_row || sought.kind != Kind::Sum),
            fused: self.is_fused(sought),
            members,
        }
    }

    /// What is to be remembered.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub fn remembered(&self, domain: &str) -> Result<Remembered, Fault> {
        let mut rows = Vec::new();
        let remembers = !self.entries.is_empty() || !self.further.is_empty();
        if !self.units.is_empty() && remembers {
            let units: Vec<u8> = self.units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
            rows.push(row(&Head::Met, &units)?);
        }
        for entry in &self.entries {
            let head = Head::Entry {
                family: entry.family.clone(),
                set: entry.set,
                contribution: entry.contribution,
                value: entry.value.to_bits(),
                party: entry.party.clone(),
                additive: entry.additive,
                splits: entry.splits,
                fused: entry.fused,
            };
            rows.push(row(&head, &entry.members.encode()?)?);
        }
        for (head, members) in &self.further {
            let body = members.as_ref().map(Members::encode).transpose()?;
            rows.push(row(head, &body.unwrap_or_default())?);
        }
        Ok(Remembered {
            domain: domain.to_owned(),
            from: self.book.rows(),
            rows,
        })
    }
}

/// Classes beside their groups ([`crate::groups`]).
impl Draft<'_> {
    fn made_of<'g>(&mut self, group: &Group<'g>) -> MadeOf<'g> {
        let key = (group.tally.set, group.tally.contribution);
        let members = match self.made.get(&key) {
            Some(members) => members.clone(),
            None => {
                let members = self.members(group.contributions);
                self.made.insert(key, members.clone());
                members
            }
        };
        MadeOf {
            contributions: group.contributions,
            tied: group.tied,
            tally: group.tally,
            members,
        }
    }

    /// Whether a class is its whole group but for a few subjects, and these may be chosen.
    fn is_nearly(&self, sought: &Sought<'_>, class: &Members, group: &MadeOf<'_>) -> bool {
        let fused = self.is_fused(sought);
        let judge = Judge::of(self.thresholds, self.key, self.party, fused);
        group.tied && class.distance(&group.members) < judge.apart(sought.tally.set, group.tally.set, fused)
    }

    /// Answers a class as its group, and for ever.
    fn as_its_group(&mut self, sought: &Sought<'_>, group: &MadeOf<'_>) -> Verdict {
        let verdict = self.perturbed(&Sought {
            contributions: group.contributions,
            tally: group.tally,
            groups: &[],
            ..*sought
        });
        let (sum, whole) = ((sought.tally.set, sought.tally.contribution), group.key());
        let family = self.book.families.entry(sought.family.to_owned()).or_default();
        let place = family
            .known
            .get(&whole)
            .or_else(|| family.snapped.get(&whole))
            .copied();
        let to = place.and_then(|place| family.entries.get(place));
        let to = to.map(|entry| (entry.set, entry.contribution));
        match (verdict.value(), place, to) {
            (Some(value), Some(place), Some(to)) if sum != whole => {
                family.snapped.insert(sum, place);
                let family = sought.family.to_owned();
                self.further.push((Head::Snapped { family, sum, to }, None));
                Verdict::Snapped(value)
            }
            _ => verdict,
        }
    }

    fn remember_group(&mut self, family: &str, group: MadeOf<'_>, near: bool) {
        let key = group.key();
        let groups = &mut self.book.families.entry(family.to_owned()).or_default().groups;
        if groups.knows(key) {
            return;
        }
        let head = Head::Group {
            family: family.to_owned(),
            group: key,
            near,
        };
        self.further.push((head, Some(group.members.clone())));
        groups.add(key, group.members, near, FEW);
    }
}

fn row(head: &Head, body: &[u8]) -> Result<Vec<u8>, Fault> {
    let failed = |error: &dyn std::fmt::Display| Fault::new("writing the release ledger", error.to_string());
    let head = serde_json::to_vec(head).map_err(|error| failed(&error))?;
    let length = u32::try_from(head.len()).map_err(|error| failed(&error))?;
    Ok([&length.to_le_bytes(), head.as_slice(), body].concat())
}
