//! The generator: published values, ranges, spread.

use std::collections::BTreeSet;

use proptest::prelude::*;
use shuyu_kernel::{CaseId, IdSource, Timestamp};
use shuyu_testkit::{Random, SeededSource};

#[test]
fn the_published_sequence_of_splitmix64() {
    let mut random = Random::new(1_234_567);
    let expected = [
        6_457_827_717_110_365_317,
        3_203_168_211_198_807_973,
        9_817_491_932_198_370_423,
        4_593_380_528_125_082_431,
        16_408_922_859_458_223_821,
    ];
    assert_eq!([(); 5].map(|()| random.bits()), expected);
}

#[test]
fn the_source_repeats_with_its_seed_and_gives_different_ids() {
    let ids = |seed| {
        let source = SeededSource::new(seed);
        (0..1000)
            .map(|_| CaseId::new(Timestamp::from_micros(0), &source))
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(
        (ids(1).len(), ids(1) == ids(1), ids(1).is_disjoint(&ids(2))),
        (1000, true, true)
    );
    let (source, mut random) = (SeededSource::new(9), Random::new(9));
    assert_eq!(
        source.random_bits(),
        u128::from(random.bits()) << 64 | u128::from(random.bits())
    );
}

#[test]
fn streams_of_different_things_differ() {
    let first = |seed, name, index| Random::of(seed, name, index).bits();
    let all = [
        first(1, "a", 0),
        first(2, "a", 0),
        first(1, "b", 0),
        first(1, "a", 1),
        first(1, "ab", 0),
    ];
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
}

#[test]
fn draws_spread_evenly() {
    let mut random = Random::new(4);
    let mut counts = [0u32; 10];
    for _ in 0..100_000 {
        counts[usize::try_from(random.below(10)).unwrap()] += 1;
    }
    assert!(
        counts.iter().all(|count| (9_500..10_500).contains(count)),
        "{counts:?}"
    );
    let heavy = (0..10_000)
        .filter(|_| random.weighted(&[(9, true), (1, false)]))
        .count();
    assert!((8_800..9_200).contains(&heavy), "{heavy}");
    let hits = (0..10_000).filter(|_| random.chance(250)).count();
    assert!((2_300..2_700).contains(&hits), "{hits}");
}

proptest! {
    #[test]
    fn draws_stay_in_their_range(seed in any::<u64>(), n in any::<u64>(), low in any::<i64>(), width in any::<u32>()) {
        let mut random = Random::new(seed);
        prop_assert!(random.below(n) < n.max(1));
        let high = low.saturating_add(i64::from(width));
        prop_assert!((low..=high).contains(&random.between(low, high)));
        prop_assert_eq!(random.between(5, 4), 5);
        prop_assert!((62..=8_400).contains(&random.skewed(1_000)));
        prop_assert!(random.pick(&[3, 4]) >= 3);
        let _ = random.between(i64::MIN, i64::MAX);
    }
}
