//! Judges the sums of one statement against the release ledger.

use shuyu_kernel::Fault;

use crate::{
    book::{Book, Entry, Family, Head, Remembered, Verdict, most_splits},
    members::Members,
    noise::{Contribution, Kind, Tally},
    permit::Thresholds,
    prf::GateKey,
    relations::Relation,
    release::{SetKey, scramble},
    rules::{Rule, Rules},
};

/// A sum that is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Sought<'a> {
    /// See [`Entry::family`].
    pub family: &'a str,
    /// Of what kind it is.
    pub kind: Kind,
    /// Its subjects, each once.
    pub contributions: &'a [Contribution],
    /// What they come to.
    pub tally: &'a Tally,
    /// Every subject has one row, so that what it contributes to a sum does not depend on the cell.
    pub one_row: bool,
    /// An own list has a say in who its subjects are.
    pub fused: bool,
}

/// The book as it would be after the statement that is being judged.
pub struct Draft<'a> {
    book: Book,
    units: Vec<u64>,
    entries: Vec<Entry>,
    snapped: Vec<Head>,
    party: &'a str,
    thresholds: &'a Thresholds,
    key: &'a GateKey,
    rules: &'a Rules,
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
            snapped: Vec::new(),
            party,
            thresholds,
            key,
            rules,
        }
    }

    /// Whether an own list has a say in who is in the set, as far as that is held against it.
    fn is_fused(&self, sought: &Sought<'_>) -> bool {
        sought.fused && self.rules.hold(Rule::Fused)
    }

    /// The answer to a sum; a fresh one is remembered.
    pub fn answer(&mut self, sought: &Sought<'_>) -> Verdict {
        let close = self.rules.hold(Rule::Close);
        if close && let Some(verdict) = self.before(sought) {
            return verdict;
        }
        let fresh = sought
            .tally
            .perturbed(sought.kind, self.thresholds, self.key, self.rules);
        let entry = self.entry(sought, fresh);
        let sum = (entry.set, entry.contribution);
        let family = self.book.families.entry(sought.family.to_owned()).or_default();
        let fused = entry.fused || family.chosen_by(self.party);
        let judge = Judge::of(self.thresholds, self.key, self.party, fused);
        if close && let Some(neighbour) = judge.nearest(family, &entry) {
            let (value, to) = (neighbour.value, (neighbour.set, neighbour.contribution));
            let place = family.known.get(&to).copied();
            family.snapped.extend(place.map(|place| (sum, place)));
            self.snapped.push(Head::Snapped {
                family: sought.family.to_owned(),
                sum,
                to,
            });
            return Verdict::Snapped(value);
        }
        let split = family.split_by(&entry);
        let classes = family.relations.split(&entry.members);
        let (relation, before) = if entry.additive {
            family.relations.put(&classes, judge.least(entry.set))
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
        family.add(entry.clone(), &classes, counted);
        self.entries.push(entry);
        Verdict::Fresh(fresh)
    }

    /// What the same sum was answered with, or as which other one.
    fn before(&self, sought: &Sought<'_>) -> Option<Verdict> {
        let family = self.book.families.get(sought.family)?;
        let sum = (sought.tally.set, sought.tally.contribution);
        let value = |place: &usize| family.entries.get(*place).map(|entry| entry.value);
        let again = family.known.get(&sum).and_then(value).map(Verdict::Again);
        again.or_else(|| family.snapped.get(&sum).and_then(value).map(Verdict::Snapped))
    }

    /// A sum as it is remembered with its answer.
    fn entry(&mut self, sought: &Sought<'_>, value: f64) -> Entry {
        let members = self.members(sought.contributions);
        let (additive, splits) = match sought.kind {
            Kind::Count => (members.uniform(), members.uniform()),
            Kind::Sum => (true, sought.one_row),
            Kind::Distinct | Kind::Quantile => (false, false),
        };
        Entry {
            family: sought.family.to_owned(),
            set: sought.tally.set,
            contribution: sought.tally.contribution,
            members,
            value,
            party: self.party.to_owned(),
            additive,
            splits,
            fused: self.is_fused(sought),
        }
    }

    /// Enters an answer that was given by other means, so that what is asked next is compared with it (M1). It is not
    /// judged, and neither splits cells nor is split.
    pub fn enter(&mut self, sought: &Sought<'_>, value: f64) {
        let key = (sought.tally.set, sought.tally.contribution);
        let family = self.book.families.entry(sought.family.to_owned()).or_default();
        if sought.contributions.is_empty() || family.known.contains_key(&key) {
            return;
        }
        let entry = Entry {
            splits: false,
            ..self.entry(sought, value)
        };
        let family = self.book.families.entry(sought.family.to_owned()).or_default();
        let least = Judge::of(self.thresholds, self.key, self.party, entry.fused).least(entry.set);
        let classes = family.relations.split(&entry.members);
        if entry.additive {
            family.relations.put(&classes, least);
        }
        family.add(entry.clone(), &classes, &[]);
        self.entries.push(entry);
    }

    fn members(&mut self, contributions: &[Contribution]) -> Members {
        // Contributions are not stored, and marks tell nothing without the key.
        let secret = self.key.value("mark", &[]);
        let mut all = Vec::with_capacity(contributions.len());
        for one in contributions {
            if !self.book.ordinals.contains_key(&one.unit) {
                self.book.add_unit(one.unit);
                self.units.push(one.unit);
            }
            let mark = scramble(one.amount.to_bits() ^ secret) >> 32;
            let ordinal = self.book.ordinals.get(&one.unit).copied().unwrap_or(u32::MAX);
            all.push((ordinal, u32::try_from(mark).unwrap_or_default()));
        }
        Members::new(all)
    }

    /// What is to be remembered.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub fn remembered(&self, domain: &str) -> Result<Remembered, Fault> {
        let mut rows = Vec::new();
        if !self.units.is_empty() && !self.entries.is_empty() {
            rows.push(row(
                &Head::Units {
                    units: self.units.clone(),
                },
                &[],
            )?);
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
        for head in &self.snapped {
            rows.push(row(head, &[])?);
        }
        Ok(Remembered {
            domain: domain.to_owned(),
            from: self.book.rows(),
            rows,
        })
    }
}

fn row(head: &Head, body: &[u8]) -> Result<Vec<u8>, Fault> {
    let failed = |error: &dyn std::fmt::Display| Fault::new("writing the release ledger", error.to_string());
    let head = serde_json::to_vec(head).map_err(|error| failed(&error))?;
    let length = u32::try_from(head.len()).map_err(|error| failed(&error))?;
    Ok([&length.to_le_bytes(), head.as_slice(), body].concat())
}

struct Judge<'a> {
    thresholds: &'a Thresholds,
    key: &'a GateKey,
    party: &'a str,
    /// The party that asks chose who is in some of the sets.
    fused: bool,
}

impl<'a> Judge<'a> {
    fn of(thresholds: &'a Thresholds, key: &'a GateKey, party: &'a str, fused: bool) -> Self {
        Self {
            thresholds,
            key,
            party,
            fused,
        }
    }

    fn k(&self, fused: bool) -> u64 {
        u64::from(self.thresholds.k_of(fused).value)
    }

    fn jittered(&self, fused: bool, purpose: &str, parts: &[&[u8]]) -> u64 {
        let steps = u64::from(self.thresholds.k_jitter.value) + 1;
        self.k(fused) + self.key.value(purpose, parts) % steps
    }

    /// `k + j` for what could be put together with a set.
    fn least(&self, set: SetKey) -> u64 {
        self.jittered(self.fused, "relation jitter", &[&set.bytes()])
    }

    /// `k + j` for two sets.
    fn apart(&self, one: &Entry, other: &Entry) -> u64 {
        let (low, high) = (one.set.min(other.set), one.set.max(other.set));
        let fused = one.fused || other.fused;
        self.jittered(fused, "pair jitter", &[&low.bytes(), &high.bytes()])
    }

    /// The entry that is too close: of the party's own ones first, then the nearest, then the oldest.
    fn nearest<'f>(&self, family: &'f Family, entry: &Entry) -> Option<&'f Entry> {
        let most = self.k(true) + u64::from(self.thresholds.k_jitter.value);
        let mut nearest: Option<((bool, u64), &Entry)> = None;
        for (cell, shared) in family.relations.overlaps(&entry.members) {
            let Some(other) = family.entries.get(cell as usize) else {
                continue;
            };
            // Whoever contributes differently to both is counted twice here.
            let apart = entry.members.len() + other.members.len() - 2 * shared;
            if apart >= 2 * most {
                continue;
            }
            let distance = entry.members.distance(&other.members);
            let rank = (other.party != self.party, distance);
            let close = distance < self.apart(entry, other);
            if close && nearest.as_ref().is_none_or(|(best, _)| rank < *best) {
                nearest = Some((rank, other));
            }
        }
        nearest.map(|(_, other)| other)
    }

    fn used_up(&self, family: &Family, place: usize) -> bool {
        let used = family.splits.get(place).and_then(|splits| splits.get(self.party));
        let most = family
            .entries
            .get(place)
            .map_or(u64::MAX, |entry| most_splits(entry, self.thresholds));
        used.copied().unwrap_or(0) >= most
    }
}
