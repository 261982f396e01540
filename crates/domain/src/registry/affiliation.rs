//! Who is affiliated with whom, on a day: a pure reading of the ties in the registry.
//!
//! The reading (G3) takes three grounds: declared holding or control, the same legal representative, a regulator's
//! finding. Holdings are followed by *control*: a link counts as a whole or not at all, and shares of everybody in
//! one hand are added up. Multiplying shares along a chain was not chosen: company law asks who controls, and 60 %
//! of 60 % leaves the upper company in full command although it earns 36 % (ADR 0070).

use std::collections::{BTreeMap, BTreeSet};

use shuyu_kernel::{BodyId, CivilDate};
use shuyu_profile::AffiliationShares;

use super::{Registry, ties::Owner};

/// An organisation as one point: a registered body by its id, others by their credit code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Node {
    Body(BodyId),
    Outside(String),
}

/// How sure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// 关联方: refused.
    Established,
    /// 疑似关联: a share between the two thresholds stands in the chain; listed for supervision, never refused.
    Suspected,
}

impl Weight {
    /// Stable word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Established => "established",
            Self::Suspected => "suspected",
        }
    }
}

/// By what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ground {
    /// It is the very same body.
    Itself,
    /// A regulator's finding.
    Finding,
    /// The same legal representative.
    Representative,
    /// One controls the other.
    Control,
    /// A third one controls both.
    CommonControl,
}

impl Ground {
    /// Stable word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Itself => "itself",
            Self::Finding => "finding",
            Self::Representative => "representative",
            Self::Control => "control",
            Self::CommonControl => "common_control",
        }
    }
}

/// One link of a chain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// Number of the holding.
    pub holding: u32,
    /// Name of the owner.
    pub owner: String,
    /// Name of what it holds.
    pub of: String,
    /// Share in basis points.
    pub share_bp: u32,
    /// Control declared.
    pub control: bool,
}

/// Why two bodies are affiliated: the shortest chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affiliation {
    /// How sure.
    pub weight: Weight,
    /// By what.
    pub ground: Ground,
    /// Links, for control.
    pub chain: Vec<Step>,
}

impl Affiliation {
    /// The chain as names and signs: `甲 —60%→ 乙`, with `⇒` for declared control. Empty without links.
    pub fn shown(&self) -> String {
        let mut text = String::new();
        let mut last = None;
        for step in &self.chain {
            if last != Some(&step.owner) {
                text.push_str(if last.is_some() { "; " } else { "" });
                text.push_str(&step.owner);
            }
            let arrow = if step.control {
                " ⇒ ".to_owned()
            } else {
                format!(" —{}→ ", percent(step.share_bp))
            };
            text.push_str(&arrow);
            text.push_str(&step.of);
            last = Some(&step.of);
        }
        text
    }

    fn shorter(&self, other: &Self) -> bool {
        (self.weight, self.chain.len(), self.ground) < (other.weight, other.chain.len(), other.ground)
    }
}

/// Basis points as a percentage without useless zeros.
pub fn percent(bp: u32) -> String {
    let (whole, rest) = (bp / 100, bp % 100);
    match (rest, rest % 10) {
        (0, _) => format!("{whole}%"),
        (_, 0) => format!("{whole}.{}%", rest / 10),
        _ => format!("{whole}.{rest:02}%"),
    }
}

/// Whether two bodies are affiliated on a day, and by which shortest chain.
pub fn affiliation(
    registry: &Registry,
    a: BodyId,
    b: BodyId,
    on: CivilDate,
    shares: AffiliationShares,
) -> Option<Affiliation> {
    if a == b {
        return Some(Affiliation {
            weight: Weight::Established,
            ground: Ground::Itself,
            chain: Vec::new(),
        });
    }
    affiliates(registry, a, on, shares).remove(&b)
}

/// Every body affiliated with one on a day, except itself.
pub fn affiliates(
    registry: &Registry,
    of: BodyId,
    on: CivilDate,
    shares: AffiliationShares,
) -> BTreeMap<BodyId, Affiliation> {
    let mut found = BTreeMap::new();
    for (weight, least) in [
        (Weight::Established, shares.block_bp),
        (Weight::Suspected, shares.suspect_bp),
    ] {
        by_control(registry, of, on, (weight, least), &mut found);
    }
    for finding in registry.ties.findings.iter().filter(|finding| finding.stands(on)) {
        let other = match (finding.a == of, finding.b == of) {
            (true, _) => finding.b,
            (_, true) => finding.a,
            _ => continue,
        };
        keep(&mut found, other, direct(Ground::Finding));
    }
    if let Some(own) = registry.ties.representative(of, on) {
        let same = |body: &&BodyId| {
            **body != of
                && registry
                    .ties
                    .representative(**body, on)
                    .is_some_and(|other| other.token == own.token)
        };
        for body in registry.bodies.keys().filter(same) {
            keep(&mut found, *body, direct(Ground::Representative));
        }
    }
    found
}

fn direct(ground: Ground) -> Affiliation {
    Affiliation {
        weight: Weight::Established,
        ground,
        chain: Vec::new(),
    }
}

fn keep(found: &mut BTreeMap<BodyId, Affiliation>, body: BodyId, new: Affiliation) {
    let better = found.get(&body).is_none_or(|known| new.shorter(known));
    if better {
        found.insert(body, new);
    }
}

/// Down from the body, up to whoever controls it, and down again from there. Whoever holds for the state ties nobody
/// together by that alone: state-controlled companies are not affiliated merely because the state controls both.
fn by_control(
    registry: &Registry,
    of: BodyId,
    on: CivilDate,
    (weight, least): (Weight, u32),
    found: &mut BTreeMap<BodyId, Affiliation>,
) {
    let own = Node::Body(of);
    let mut add = |node: &Node, ground, chain| {
        if let Node::Body(body) = node
            && *body != of
        {
            keep(
                found,
                *body,
                Affiliation {
                    weight,
                    ground,
                    chain,
                },
            );
        }
    };
    for (node, chain) in reach(registry, &own, on, least) {
        add(&node, Ground::Control, chain);
    }
    let standing = || registry.ties.holdings.iter().filter(|holding| holding.stands(on));
    let owners: BTreeSet<Node> = standing().map(|holding| registry.node(&holding.owner)).collect();
    for owner in owners.iter().filter(|owner| **owner != own) {
        let below = reach(registry, owner, on, least);
        let Some(chain) = below.get(&own) else { continue };
        add(owner, Ground::Control, chain.clone());
        let for_the_state =
            standing().any(|holding| holding.state && registry.node(&holding.owner) == *owner);
        if for_the_state {
            continue;
        }
        for (node, other) in below.iter().filter(|(node, _)| **node != own) {
            let mut both = chain.clone();
            both.extend(other.iter().filter(|step| !chain.contains(step)).cloned());
            add(node, Ground::CommonControl, both);
        }
    }
}

/// Everything a node controls, with the links that lead there: a company is added once its declared control, or the
/// shares of all that are in one hand already, reach the threshold. Goes round by round, so chains are shortest.
fn reach(registry: &Registry, start: &Node, on: CivilDate, least: u32) -> BTreeMap<Node, Vec<Step>> {
    let standing: Vec<_> = registry
        .ties
        .holdings
        .iter()
        .filter(|holding| holding.stands(on))
        .map(|holding| (registry.node(&holding.owner), registry.node(&holding.of), holding))
        .collect();
    let mut hand: BTreeMap<Node, Vec<Step>> = BTreeMap::from([(start.clone(), Vec::new())]);
    loop {
        let mut round: BTreeMap<Node, Vec<Step>> = BTreeMap::new();
        let targets: BTreeSet<&Node> = standing.iter().map(|(_, of, _)| of).collect();
        for target in targets.into_iter().filter(|target| !hand.contains_key(*target)) {
            let mut links: Vec<(&Vec<Step>, Step)> = standing
                .iter()
                .filter(|(_, of, _)| of == target)
                .filter_map(|(owner, _, holding)| {
                    let step = Step {
                        holding: holding.number,
                        owner: registry.owner_name(&holding.owner),
                        of: registry.owner_name(&holding.of),
                        share_bp: holding.share_bp,
                        control: holding.control,
                    };
                    Some((hand.get(owner)?, step))
                })
                .collect();
            links.sort_by_key(|(path, step)| (!step.control, path.len(), u32::MAX - step.share_bp));
            if let Some(chain) = carried(&links, least) {
                round.insert(target.clone(), chain);
            }
        }
        if round.is_empty() {
            hand.remove(start);
            return hand;
        }
        hand.extend(round);
    }
}

/// The chain to a company from the links that carry it: one of declared control, or as many shares as are needed.
fn carried(links: &[(&Vec<Step>, Step)], least: u32) -> Option<Vec<Step>> {
    let mut chain: Vec<Step> = Vec::new();
    let mut shares = 0u32;
    let mut last: Vec<Step> = Vec::new();
    for (path, step) in links {
        chain.extend(
            path.iter()
                .filter(|step| !chain.contains(step))
                .cloned()
                .collect::<Vec<_>>(),
        );
        last.push(step.clone());
        shares = shares.saturating_add(step.share_bp);
        if step.control || shares >= least {
            chain.append(&mut last);
            return Some(chain);
        }
    }
    None
}

impl Registry {
    /// The point of an owner: an outside organisation that is registered by now is that body.
    pub(super) fn node(&self, owner: &Owner) -> Node {
        match owner {
            Owner::Body(body) => Node::Body(self.survivor(*body)),
            Owner::Outside { credit_code, .. } => {
                let registered = self.bodies.values().find(|body| body.credit_code == *credit_code);
                registered.map_or_else(|| Node::Outside(credit_code.clone()), |body| Node::Body(body.id))
            }
        }
    }

    /// The body that is there now: what a merged body held, its successor holds, whatever roles passed.
    pub fn survivor(&self, body: BodyId) -> BodyId {
        let mut now = body;
        while let Some(merger) = self.merged(now) {
            now = merger.into;
        }
        now
    }

    /// The name of an owner.
    pub fn owner_name(&self, owner: &Owner) -> String {
        match owner {
            Owner::Body(body) => self.body_name(*body),
            Owner::Outside { name, .. } => name.clone(),
        }
    }
}
