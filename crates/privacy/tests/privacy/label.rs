//! The labels are a lattice.

use std::collections::BTreeSet;

use proptest::prelude::*;
use shuyu_privacy::{
    Bounds, DateGrain, Grain, Label, Use,
    label::{Exactness, Range},
};

fn date_grain() -> impl Strategy<Value = DateGrain> {
    prop_oneof![
        Just(DateGrain::Day),
        Just(DateGrain::Month),
        Just(DateGrain::Quarter),
        Just(DateGrain::Year),
        Just(DateGrain::Decade),
    ]
}

fn exactness() -> impl Strategy<Value = Exactness> {
    prop_oneof![
        Just(Exactness::Exact),
        Just(Exactness::Nothing),
        date_grain().prop_map(|g| Exactness::At(Grain::Date(g))),
        (1u64..2000, 1u64..20).prop_map(|(f, n)| Exactness::At(Grain::Number {
            filter: f,
            group: f * n
        })),
        (1u32..8).prop_map(|n| Exactness::At(Grain::Prefix(n))),
        Just(Exactness::At(Grain::Number {
            filter: u64::MAX,
            group: u64::MAX
        })),
    ]
}

fn range() -> impl Strategy<Value = Range> {
    prop_oneof![
        Just(Range::Unbounded),
        Just(Range::Empty),
        (-5i64..5, 0i64..5).prop_map(|(low, more)| Range::Within(Bounds {
            low,
            high: low + more
        })),
    ]
}

fn label() -> impl Strategy<Value = Label> {
    let uses = proptest::collection::btree_set(proptest::sample::select(&Use::ALL[..]), 0..=5);
    (uses, exactness(), range()).prop_map(|(uses, exactness, range)| Label {
        uses,
        exactness,
        range,
    })
}

proptest! {
    #[test]
    fn meet_is_idempotent_commutative_and_associative(a in label(), b in label(), c in label()) {
        prop_assert_eq!(a.meet(&a), a.clone());
        prop_assert_eq!(a.meet(&b), b.meet(&a));
        prop_assert_eq!(a.meet(&b).meet(&c), a.meet(&b.meet(&c)));
    }

    #[test]
    fn meet_is_the_least_label_as_strict_as_both(a in label(), b in label(), c in label()) {
        let both = a.meet(&b);
        prop_assert!(a.leq(&both) && b.leq(&both));
        if a.leq(&c) && b.leq(&c) {
            prop_assert!(both.leq(&c));
        }
    }

    #[test]
    fn order_is_antisymmetric_and_transitive(a in label(), b in label(), c in label()) {
        if a.leq(&b) && b.leq(&a) {
            prop_assert_eq!(&a, &b);
        }
        if a.leq(&b) && b.leq(&c) {
            prop_assert!(a.leq(&c));
        }
    }

    #[test]
    fn free_is_above_everything_and_stricter_means_fewer_uses(a in label(), b in label()) {
        prop_assert!(Label::free().leq(&a));
        if a.leq(&b) {
            prop_assert!(b.uses.is_subset(&a.uses));
        }
    }
}

#[test]
fn partitions_that_do_not_nest_leave_nothing() {
    let at = |grain| Label {
        exactness: Exactness::At(grain),
        ..Label::free()
    };
    let year = at(Grain::Date(DateGrain::Year));
    assert_eq!(year.meet(&at(Grain::Prefix(2))).exactness, Exactness::Nothing);
    let (four, six) = (
        at(Grain::Number { filter: 4, group: 4 }),
        at(Grain::Number { filter: 6, group: 6 }),
    );
    assert_eq!(
        four.meet(&six).exactness,
        Exactness::At(Grain::Number {
            filter: 12,
            group: 12
        })
    );
    assert_eq!(year.uses, BTreeSet::from(Use::ALL));
}
