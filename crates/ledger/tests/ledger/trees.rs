//! Trees and proofs of all small sizes, against the definition in the RFC written as plainly as can be.

use proptest::prelude::*;
use shuyu_kernel::Digest;
use shuyu_ledger::{ConsistencyProof, Frontier, InclusionProof, Suite, TreeCache, TreeError};

const MAX: u64 = 70;

fn leaves(suite: Suite, n: u64) -> Vec<Digest> {
    (0..n).map(|i| suite.leaf_hash(&i.to_be_bytes())).collect()
}

/// The root as RFC 6962 §2.1 defines it.
fn defined_root(suite: Suite, leaves: &[Digest]) -> Digest {
    match leaves {
        [] => suite.empty_root(),
        [leaf] => *leaf,
        _ => {
            let mut k = 1;
            while k * 2 < leaves.len() {
                k *= 2;
            }
            let (left, right) = leaves.split_at(k);
            suite.node_hash(&defined_root(suite, left), &defined_root(suite, right))
        }
    }
}

#[test]
fn roots_follow_the_definition() {
    for suite in [Suite::Sm, Suite::C2sp] {
        let all = leaves(suite, MAX);
        let tree = TreeCache::from_leaves(suite, all.iter().copied());
        let mut frontier = Frontier::new(suite);
        for n in 0..=MAX {
            let root = defined_root(suite, &all[..n as usize]);
            assert_eq!(tree.root_at(n).unwrap(), root, "{suite} size {n}");
            assert_eq!(frontier.root(), root, "{suite} size {n}");
            let parts = (frontier.suite(), frontier.size(), frontier.hashes().to_vec());
            assert_eq!(Frontier::from_parts(parts.0, parts.1, parts.2).unwrap(), frontier);
            if n < MAX {
                frontier.push(all[n as usize]);
            }
        }
        assert_eq!(tree.frontier(), frontier);
    }
}

#[test]
fn every_leaf_of_every_size_is_included_and_no_other() {
    let suite = Suite::Sm;
    let tree = TreeCache::from_leaves(suite, leaves(suite, MAX));
    let foreign = suite.leaf_hash(b"foreign");
    for size in 1..=MAX {
        let root = tree.root_at(size).unwrap();
        for index in 0..size {
            let leaf = tree.leaves()[index as usize];
            let proof = tree.inclusion(index, size).unwrap();
            assert!(proof.verify(suite, &leaf, &root), "{index} of {size}");
            assert!(
                !proof.verify(suite, &foreign, &root),
                "foreign leaf at {index} of {size}"
            );
            assert!(
                !proof.verify(suite, &leaf, &foreign),
                "foreign root, {index} of {size}"
            );
            for other in (0..size + 2).filter(|other| *other != index) {
                let moved = InclusionProof {
                    index: other,
                    ..proof.clone()
                };
                assert!(
                    !moved.verify(suite, &leaf, &root),
                    "{index} passes for {other} of {size}"
                );
            }
        }
    }
}

#[test]
fn every_size_continues_every_smaller_one() {
    let suite = Suite::Sm;
    let tree = TreeCache::from_leaves(suite, leaves(suite, MAX));
    let foreign = suite.leaf_hash(b"foreign");
    for second in 0..=MAX {
        let second_root = tree.root_at(second).unwrap();
        for first in 0..=second {
            let first_root = tree.root_at(first).unwrap();
            let proof = tree.consistency(first, second).unwrap();
            assert!(
                proof.verify(suite, &first_root, &second_root),
                "{first} to {second}"
            );
            assert!(
                !proof.verify(suite, &foreign, &second_root),
                "foreign older root, {first} to {second}"
            );
            if first > 0 {
                assert!(
                    !proof.verify(suite, &first_root, &foreign),
                    "foreign newer root, {first} to {second}"
                );
            }
        }
    }
}

#[test]
fn questions_beyond_the_tree_are_refused() {
    let tree = TreeCache::from_leaves(Suite::Sm, leaves(Suite::Sm, 5));
    assert_eq!(tree.root_at(6), Err(TreeError::Size { asked: 6, size: 5 }));
    assert_eq!(tree.inclusion(5, 5), Err(TreeError::Leaf { index: 5, size: 5 }));
    assert_eq!(tree.inclusion(0, 6), Err(TreeError::Size { asked: 6, size: 5 }));
    assert_eq!(
        tree.consistency(4, 3),
        Err(TreeError::Order { first: 4, second: 3 })
    );
    assert_eq!(
        Frontier::from_parts(Suite::Sm, 5, vec![]),
        Err(TreeError::Frontier { size: 5, given: 0 })
    );
    let json = serde_json::to_string(&tree.frontier()).unwrap();
    assert_eq!(serde_json::from_str::<Frontier>(&json).unwrap(), tree.frontier());
    serde_json::from_str::<Frontier>(&json.replace("\"size\":5", "\"size\":7")).unwrap_err();
}

#[test]
fn suites_and_levels_do_not_mix() {
    let (a, b) = (Suite::Sm.leaf_hash(b"a"), Suite::Sm.leaf_hash(b"b"));
    assert_ne!(Suite::Sm.leaf_hash(b"a"), Suite::C2sp.leaf_hash(b"a"));
    assert_ne!(
        Suite::Sm.leaf_hash(&[a.0, b.0].concat()),
        Suite::Sm.node_hash(&a, &b)
    );
    assert_ne!(Suite::Sm.genesis_hash("a"), a);
}

#[test]
fn a_large_tree_answers_from_its_cache() {
    let suite = Suite::Sm;
    let size = 100_003;
    let tree = TreeCache::from_leaves(suite, leaves(suite, size));
    let root = tree.root();
    for index in [0, 1, 65_535, 65_536, 99_999, size - 1] {
        let proof = tree.inclusion(index, size).unwrap();
        assert!(proof.path.len() <= 17);
        assert!(proof.verify(suite, &tree.leaves()[index as usize], &root));
    }
    for first in [1, 2, 65_536, 65_537, 99_999] {
        let proof = tree.consistency(first, size).unwrap();
        assert!(proof.verify(suite, &tree.root_at(first).unwrap(), &root));
    }
}

proptest! {
    /// No proof survives a change of one of its hashes, the loss of one, or one more.
    #[test]
    fn damaged_proofs_fail(
        (first, second) in (1..=MAX).prop_flat_map(|second| (1..=second, Just(second))),
        place: prop::sample::Index,
        bit in 0usize..256,
    ) {
        let suite = Suite::Sm;
        let tree = TreeCache::from_leaves(suite, leaves(suite, second));
        let (older, newer) = (tree.root_at(first).unwrap(), tree.root());
        let leaf = tree.leaves()[first as usize - 1];
        let inclusion = tree.inclusion(first - 1, second).unwrap();
        let consistency = tree.consistency(first, second).unwrap();
        for change in [Change::Flip(bit), Change::Remove, Change::Insert] {
            if let Some(path) = change.apply(&inclusion.path, place) {
                let proof = InclusionProof { path, ..inclusion.clone() };
                prop_assert!(!proof.verify(suite, &leaf, &newer));
            }
            if let Some(path) = change.apply(&consistency.path, place) {
                let proof = ConsistencyProof { path, ..consistency.clone() };
                prop_assert!(!proof.verify(suite, &older, &newer));
            }
        }
    }

    /// Whatever is claimed, verification answers and does not panic.
    #[test]
    fn arbitrary_proofs_are_answered(
        a: u64,
        b: u64,
        hashes in prop::collection::vec(any::<[u8; 32]>(), 2..70),
    ) {
        let path: Vec<Digest> = hashes.iter().copied().map(Digest).collect();
        let inclusion = InclusionProof { index: a, size: b, path: path.clone() };
        prop_assert!(!inclusion.verify(Suite::Sm, &path[0], &path[1]));
        let consistency = ConsistencyProof { first: a, second: b, path: path.clone() };
        prop_assert!(!consistency.verify(Suite::Sm, &path[0], &path[1]));
    }
}

#[derive(Clone, Copy)]
enum Change {
    Flip(usize),
    Remove,
    Insert,
}

impl Change {
    fn apply(self, path: &[Digest], place: prop::sample::Index) -> Option<Vec<Digest>> {
        let mut path = path.to_vec();
        match self {
            Self::Insert => path.insert(place.index(path.len() + 1), Digest([7; 32])),
            _ if path.is_empty() => return None,
            Self::Remove => drop(path.remove(place.index(path.len()))),
            Self::Flip(bit) => {
                let i = place.index(path.len());
                path[i].0[bit / 8] ^= 1 << (bit % 8);
            }
        }
        Some(path)
    }
}
