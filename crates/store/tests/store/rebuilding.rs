//! The tables are what the ledger gives, and every difference is found.

use shuyu_domain::{
    Event,
    port::{Proposal, Record, Request, Stream},
};
use shuyu_kernel::calendar::Bound;
use shuyu_store::{Deviation, RebuildReport, Store};

use crate::{
    events::{
        advanced, answered, charged, clock, dataset, dropped, entered, finishing, founded, holder, id,
        opened, opened_with, permit_ended, permit_issued, registered, release, stopped, stream, taken,
        version_recorded, watched,
    },
    own::{own_brought, own_ended, own_erased},
    work::{
        airlock_opened, airlock_withdrawn, run_started, source_registered, version_checked, version_examined,
    },
    world::{World, request, write},
};

const CORE: [&str; 15] = [
    "case_file",
    "case_party",
    "case_link",
    "duty",
    "clock_watch",
    "permit",
    "own_list",
    "registry_state",
    "dataset_version",
    "version_examined",
    "release_row",
    "budget_charge",
    "job_source",
    "airlock_request",
    "number_counter",
];

/// A ledger that leaves at least one row in every core table.
async fn fill(store: &Store) {
    write(store, Stream::Installation, vec![founded()]).await;
    write(store, Stream::Registry, vec![registered(1), registered(2)]).await;
    let numbering = Some(("plan".to_owned(), 2026));
    for n in [1, 2] {
        let list = vec![
            opened_with(n, &format!("No {n}"), &[7, 8]),
            clock("review", 20, Bound::AtMost, &[1, 2]),
            permit_issued(n),
        ];
        let decide = Box::new(move |_: &shuyu_domain::port::Loaded| {
            Ok(Proposal {
                events: list,
                ..Proposal::default()
            })
        });
        store
            .transact(
                Request {
                    numbering: numbering.clone(),
                    ..request(stream(n))
                },
                decide,
            )
            .await
            .unwrap();
    }
    write(
        store,
        stream(1),
        vec![
            taken("accept", Some("next"), holder(&[1]), false),
            own_brought(5),
            own_brought(6),
            own_ended(6),
            own_brought(7),
            own_erased(7),
        ],
    )
    .await;
    write(
        store,
        Stream::Dataset(dataset(1)),
        vec![version_recorded(1, 1, None)],
    )
    .await;
    write(
        store,
        Stream::Dataset(dataset(1)),
        vec![version_recorded(1, 2, Some("person")), version_examined(1, 2)],
    )
    .await;
    write(store, Stream::Dataset(dataset(1)), version_checked(1, 2)).await;
    let both = vec![charged(1, 30, true), answered(1)];
    write(store, Stream::Release(release(1)), both).await;
    let source = vec![source_registered(1), run_started(2)];
    write(store, Stream::Source(id(1)), source).await;
    write(store, Stream::Airlock(id(1)), vec![airlock_opened(1)]).await;
    write(store, Stream::Airlock(id(1)), vec![airlock_withdrawn()]).await;
}

fn difference(report: &RebuildReport) -> Vec<(&'static str, Deviation)> {
    let found = report.tables.iter().filter_map(|table| {
        table
            .first_difference
            .as_ref()
            .map(|difference| (table.name, difference.what))
    });
    found.collect()
}

pub async fn tables_equal_the_ledger(world: World) {
    let store = world.open().await;
    let empty = store.rebuild_check().await.unwrap();
    assert!(
        empty.equal && empty.tables.iter().all(|table| table.rows == 0),
        "{empty:?}"
    );
    fill(&store).await;
    let report = store.rebuild_check().await.unwrap();
    assert!(report.equal, "{report:?}");
    assert_eq!(
        report.tables.iter().map(|table| table.name).collect::<Vec<_>>(),
        CORE
    );
    let rows: Vec<u64> = report.tables.iter().map(|table| table.rows).collect();
    assert_eq!(rows, [2, 3, 4, 4, 2, 2, 2, 1, 2, 1, 1, 1, 1, 1, 1]);
    // Making them again changes nothing at all.
    let before = world.dump().await;
    assert_eq!(store.rebuild().await.unwrap(), rows.iter().sum::<u64>());
    assert_eq!(world.dump().await, before);
}

pub async fn every_planted_difference_is_found_and_mended(world: World) {
    let store = world.open().await;
    fill(&store).await;
    let right = world.dump().await;
    let stray = [
        "INSERT INTO case_file SELECT 'stray', procedure, 'stray', title, stage, holder_role, closed, opened_on, \
         opened_idx, next_due, version, step_roles, state, as_of FROM case_file WHERE number = 'No 1'",
        "INSERT INTO case_party VALUES ('stray', 'role', 'body', 1)",
        "INSERT INTO case_link SELECT id, 'stray', 1 FROM case_file WHERE number = 'No 1'",
        "INSERT INTO duty VALUES ('stray', 'turn', 'role', 'body', NULL, NULL, NULL, NULL, 0, '[]', 1)",
        "INSERT INTO clock_watch VALUES ('stray', 0, 'review', NULL, 'role', '2026-01-01', 1, 0, 0, 0, NULL, 1)",
        "INSERT INTO permit VALUES ('stray', 'stray', '2026-01-01', 0, 1)",
        "INSERT INTO own_list VALUES ('stray', 'stray', 0, 1)",
        "",
        "INSERT INTO dataset_version SELECT dataset, 9, table_name, resource, row_count, domain, rows_per_unit, \
         columns, as_of, unit_columns FROM dataset_version WHERE version = 1",
        "INSERT INTO version_examined VALUES ('stray', 1, '{}', 1)",
        "INSERT INTO release_row VALUES ('stray', '', '', '', '', '', '', 1, '', 1)",
        "INSERT INTO budget_charge VALUES ('stray', '', '', 1, 1)",
        "INSERT INTO job_source VALUES ('stray', '', '', 1, '', 1)",
        "INSERT INTO airlock_request VALUES ('stray', '', '', 'pending', 1, '', 1, 0)",
        "INSERT INTO number_counter VALUES ('stray', 2026, 1, 1)",
    ];
    for (table, stray) in CORE.iter().copied().zip(stray) {
        let planted = [
            (
                format!("UPDATE {table} SET as_of = as_of + 7"),
                Deviation::Column("as_of"),
            ),
            (format!("DELETE FROM {table}"), Deviation::Missing),
            (stray.to_owned(), Deviation::Extra),
        ];
        for (sql, what) in planted.iter().filter(|(sql, _)| !sql.is_empty()) {
            world.sql(sql).await.unwrap();
            let report = store.rebuild_check().await.unwrap();
            assert!(!report.equal, "{sql}");
            assert_eq!(difference(&report), [(table, *what)], "{sql}");
            store.rebuild().await.unwrap();
            assert_eq!(world.dump().await, right, "{sql}");
        }
    }
    // One cell in one row is enough.
    world
        .sql("UPDATE duty SET due = '2026-01-01' WHERE slot = 'clock:0'")
        .await
        .unwrap();
    assert_eq!(
        difference(&store.rebuild_check().await.unwrap()),
        [("duty", Deviation::Column("due"))]
    );
}

/// A small generator, so that a failure can be repeated by its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Any event, whether it makes sense or not: projectors are total.
fn any_event(dice: &mut Dice, fresh: &mut u128) -> Event {
    let number = dice.roll(4) as u32;
    let name = ["a", "b", "c"][dice.roll(3) as usize];
    let bodies: Vec<u128> = (0..dice.roll(3)).map(|_| u128::from(dice.roll(3)) + 1).collect();
    let bound = if dice.roll(2) == 0 {
        Bound::AtMost
    } else {
        Bound::AtLeast
    };
    match dice.roll(14) {
        0 => taken("act", Some(name), holder(&bodies), dice.roll(4) == 0),
        1 => taken("act", None, None, false),
        2 => clock(name, dice.roll(30) as i64, bound, &bodies),
        3 => stopped(name),
        4 => entered(
            number,
            u128::from(dice.roll(3)) + 1,
            if dice.roll(2) == 0 { &["chief"] } else { &[] },
        ),
        5 => advanced(number),
        6 => {
            if dice.roll(2) == 0 {
                finishing(number)
            } else {
                dropped(number)
            }
        }
        7 => permit_ended(*fresh),
        8 | 9 => watched(name, dice.roll(7)),
        10 => own_brought(u128::from(number)),
        11 => own_ended(u128::from(number)),
        12 => own_erased(u128::from(number)),
        _ => {
            *fresh += 1;
            permit_issued(*fresh)
        }
    }
}

pub async fn random_histories_rebuild_to_the_same_rows(world: World) {
    let store = world.open().await;
    for seed in 0..3 {
        let mut dice = Dice(seed);
        let mut fresh = 1000 * u128::from(seed);
        for n in 1..=3 {
            let n = 10 * u128::from(seed) + n;
            write(&store, stream(n), vec![opened(n)]).await;
            for _ in 0..8 {
                let list = (0..=dice.roll(4))
                    .map(|_| any_event(&mut dice, &mut fresh))
                    .collect();
                write(&store, stream(n), list).await;
            }
        }
        let report = store.rebuild_check().await.unwrap();
        assert!(report.equal, "seed {seed}: {report:?}");
    }
}
