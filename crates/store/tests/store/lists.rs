//! Lists follow the events.

use shuyu_domain::port::{CaseFilter, Loaded, Record, Stream, WatchFilter};
use shuyu_kernel::{Refusal, calendar::Bound};
use shuyu_store::Store;

use crate::{
    events::{
        ROLE, advanced, body, case, clock, dataset, day, dropped, entered, finishing, holder, opened, permit,
        permit_ended, permit_issued, stopped, stream, taken, version_recorded, watched,
    },
    work::version_examined,
    world::{World, write},
};

async fn found(store: &Store, filter: CaseFilter) -> Vec<u128> {
    let limit = if filter.limit == 0 { 50 } else { filter.limit };
    let (rows, total) = store
        .cases(&CaseFilter {
            limit,
            ..filter.clone()
        })
        .await
        .unwrap();
    if filter.limit == 0 {
        assert_eq!(rows.len() as u64, total);
    } else {
        assert_eq!(total, 3);
    }
    rows.iter().map(|row| row.id.bits()).collect()
}

pub async fn cases_are_found_by_every_filter(world: World) {
    let store = world.open().await;
    // Ids do not tell the order of opening.
    write(
        &store,
        stream(9),
        vec![opened(9), clock("review", 20, Bound::AtMost, &[1])],
    )
    .await;
    write(
        &store,
        stream(2),
        vec![opened(2), taken("x", Some("review"), None, true)],
    )
    .await;
    write(
        &store,
        stream(5),
        vec![opened(5), clock("a", 9, Bound::AtMost, &[1])],
    )
    .await;
    write(
        &store,
        stream(5),
        vec![
            clock("b", 7, Bound::AtMost, &[2]),
            clock("c", 1, Bound::AtLeast, &[1]),
        ],
    )
    .await;

    let all = CaseFilter::default();
    assert_eq!(found(&store, all.clone()).await, [5, 2, 9]);
    assert_eq!(
        found(
            &store,
            CaseFilter {
                limit: 1,
                offset: 1,
                ..all.clone()
            }
        )
        .await,
        [2]
    );
    assert_eq!(
        found(
            &store,
            CaseFilter {
                open_only: true,
                ..all.clone()
            }
        )
        .await,
        [5, 9]
    );
    assert_eq!(
        found(
            &store,
            CaseFilter {
                body: Some(body(2)),
                ..all.clone()
            }
        )
        .await,
        [2]
    );
    assert_eq!(
        found(
            &store,
            CaseFilter {
                holder_role: Some(ROLE.to_owned()),
                ..all.clone()
            }
        )
        .await,
        [5, 9]
    );
    let stages = vec!["review".to_owned(), "other".to_owned()];
    assert_eq!(
        found(
            &store,
            CaseFilter {
                stages,
                ..all.clone()
            }
        )
        .await,
        [2]
    );
    let procedures = vec!["agreement".to_owned()];
    assert_eq!(
        found(
            &store,
            CaseFilter {
                procedures,
                ..all.clone()
            }
        )
        .await,
        []
    );
    let text = |text: &str| CaseFilter {
        text: Some(text.to_owned()),
        ..CaseFilter::default()
    };
    assert_eq!(found(&store, text("NO 9")).await, [9]);
    assert_eq!(found(&store, text("授权")).await, [5, 2, 9]);
    // Signs of the pattern language are plain signs.
    assert_eq!(found(&store, text("100%_d")).await, [5, 2, 9]);
    assert_eq!(found(&store, text("1%d")).await, []);
    assert_eq!(found(&store, text("100%!")).await, []);
    assert_eq!(found(&store, text("'; DROP TABLE case_file; --")).await, []);

    let (rows, _) = store.cases(&CaseFilter { limit: 9, ..all }).await.unwrap();
    assert_eq!(
        rows.iter().map(|row| row.next_due).collect::<Vec<_>>(),
        [Some(day(7)), None, Some(day(20))]
    );
    assert_eq!(rows.iter().map(|row| row.version).collect::<Vec<_>>(), [4, 2, 2]);
    assert_eq!(
        rows.iter().map(|row| row.closed).collect::<Vec<_>>(),
        [false, true, false]
    );
    assert_eq!(rows[0].opened_on, day(0));
}

async fn queue(store: &Store, n: u128, role: &str) -> Vec<(u128, Option<String>)> {
    let duties = store.duties(body(n), role).await.unwrap();
    duties
        .into_iter()
        .map(|duty| (duty.case.bits(), duty.clock))
        .collect()
}

pub async fn duties_appear_and_vanish(world: World) {
    let store = world.open().await;
    let some = |name: &str| Some(name.to_owned());
    write(&store, stream(1), vec![opened(1)]).await;
    write(&store, stream(2), vec![opened(2)]).await;
    assert_eq!(queue(&store, 1, ROLE).await, [(1, None), (2, None)]);
    assert_eq!(queue(&store, 2, ROLE).await, []);
    assert_eq!(queue(&store, 1, "other").await, []);

    // A clock takes the place of the turn, sorts by its last day, and binds every body of its holder.
    write(
        &store,
        stream(2),
        vec![clock("review", 20, Bound::AtMost, &[1, 2])],
    )
    .await;
    write(&store, stream(2), vec![clock("answer", 10, Bound::AtMost, &[1])]).await;
    write(&store, stream(1), vec![clock("cooling", 2, Bound::AtLeast, &[1])]).await;
    assert_eq!(
        queue(&store, 1, ROLE).await,
        [(2, some("answer")), (2, some("review")), (1, None)]
    );
    assert_eq!(queue(&store, 2, ROLE).await, [(2, some("review"))]);
    let duty = &store.duties(body(2), ROLE).await.unwrap()[0];
    assert_eq!((duty.started_on, duty.due), (Some(day(0)), Some(day(20))));
    assert_eq!((duty.number.as_str(), duty.stage.as_str()), ("No 2", "filed"));

    write(&store, stream(2), vec![stopped("review"), stopped("answer")]).await;
    assert_eq!(queue(&store, 2, ROLE).await, []);
    assert_eq!(queue(&store, 1, ROLE).await, [(1, None), (2, None)]);
    // The turn passes on, then the case closes.
    write(
        &store,
        stream(1),
        vec![taken("hand over", Some("next"), holder(&[2]), false)],
    )
    .await;
    assert_eq!(queue(&store, 1, ROLE).await, [(2, None)]);
    assert_eq!(store.duties(body(2), ROLE).await.unwrap()[0].stage, "next");
    write(&store, stream(1), vec![taken("close", None, holder(&[2]), true)]).await;
    assert_eq!(queue(&store, 2, ROLE).await, []);
}

pub async fn a_waiting_step_is_a_duty_of_its_body(world: World) {
    let store = world.open().await;
    write(
        &store,
        stream(1),
        vec![opened(1), entered(1, 3, &["checker", "chief"])],
    )
    .await;
    assert_eq!(queue(&store, 3, "reviewer").await, [(1, None)]);
    write(&store, stream(1), vec![advanced(1)]).await;
    assert_eq!(queue(&store, 3, "reviewer").await, [(1, None)]);
    write(&store, stream(1), vec![finishing(1)]).await;
    assert_eq!(queue(&store, 3, "reviewer").await, []);
    write(
        &store,
        stream(1),
        vec![entered(2, 3, &["chief"]), entered(3, 3, &[])],
    )
    .await;
    assert_eq!(queue(&store, 3, "reviewer").await, [(1, None)]);
    write(&store, stream(1), vec![dropped(2)]).await;
    assert_eq!(queue(&store, 3, "reviewer").await, []);
    assert!(store.rebuild_check().await.unwrap().equal);
}

pub async fn a_permit_leads_to_its_case(world: World) {
    let store = world.open().await;
    write(&store, stream(1), vec![opened(1), permit_issued(1)]).await;
    assert_eq!(store.case_of_permit(permit(1)).await.unwrap(), Some(case(1)));
    assert_eq!(store.case_of_permit(permit(2)).await.unwrap(), None);
    // Another permit takes its place; the first one stays known, ended.
    write(&store, stream(1), vec![permit_issued(2), permit_ended(2)]).await;
    assert_eq!(store.case_of_permit(permit(1)).await.unwrap(), Some(case(1)));
    let mut raw = world.raw().await;
    let rows = raw.rows("SELECT ended, as_of FROM permit ORDER BY permit").await;
    assert_eq!(rows, ["Some(1) | Some(2)", "Some(1) | Some(3)"]);
    // The same permit in another case is refused by the unique rule.
    let result = store.transact(
        crate::world::request(stream(2)),
        crate::world::events(vec![opened(2), permit_issued(1)]),
    );
    assert_eq!(crate::world::code(&result.await), "permit_already_issued");
    assert!(store.rebuild_check().await.unwrap().equal);
}

pub async fn the_latest_dataset_version_is_listed(world: World) {
    let store = world.open().await;
    for (n, version) in [(1, 1), (1, 2), (2, 1), (1, 10)] {
        let event = version_recorded(n, version, (n == 1).then_some("person"));
        write(&store, Stream::Dataset(dataset(n)), vec![event]).await;
    }
    write(&store, Stream::Dataset(dataset(2)), vec![version_examined(2, 1)]).await;
    let all = store.datasets(None).await.unwrap();
    assert_eq!(all[1].examined.as_ref().map(|found| found.level), Some(2));
    assert_eq!(all[0].examined, None);
    let short: Vec<_> = all
        .iter()
        .map(|row| (row.dataset.bits(), row.version, row.rows, row.as_of))
        .collect();
    assert_eq!(short, [(1, 10, 1000, 3), (2, 1, 100, 2)]);
    assert_eq!(all[0].domain.as_deref(), Some("person"));
    assert_eq!(all[1].domain, None);
    assert_eq!(all[0].columns, ["a", "b"]);
    assert_eq!(all[0].unit_columns, ["a"]);
    assert_eq!(store.datasets(Some(case(2))).await.unwrap(), all[1..]);
    assert_eq!(store.datasets(Some(case(3))).await.unwrap(), []);
    // Whoever records a version sees them all, under the lock; acts in cases do not pay for it.
    for (stream, seen) in [(Stream::Dataset(dataset(2)), all), (stream(1), Vec::new())] {
        let decide = Box::new(move |loaded: &Loaded| {
            assert_eq!(loaded.datasets, seen);
            Err(Refusal::unmet("seen"))
        });
        let result = store.transact(crate::world::request(stream), decide).await;
        assert_eq!(crate::world::code(&result), "seen");
    }
}

async fn seen(store: &Store, filter: WatchFilter) -> Vec<(u128, u64)> {
    let rows = store.watched(&filter, 50).await.unwrap();
    rows.iter().map(|row| (row.case.bits(), row.ordinal)).collect()
}

pub async fn watched_clocks_are_found_by_every_filter(world: World) {
    use WatchFilter::{DueWithin, Escalated, Expired, ToEscalate, ToExpire, Urged};
    let store = world.open().await;
    let late = vec![opened(1), clock("review", 20, Bound::AtMost, &[1, 2])];
    write(&store, stream(1), late).await;
    let near = vec![
        opened(2),
        clock("cooling", 2, Bound::AtLeast, &[1]),
        clock("answer", 22, Bound::AtMost, &[]),
    ];
    write(&store, stream(2), near).await;
    assert_eq!(seen(&store, ToExpire(day(20))).await, []);
    assert_eq!(seen(&store, ToExpire(day(21))).await, [(1, 0)]);
    // A clock that binds nobody known runs out all the same; one that only opens a way does not.
    assert_eq!(seen(&store, ToExpire(day(30))).await, [(1, 0), (2, 1)]);
    assert_eq!(seen(&store, DueWithin(day(21), day(22))).await, [(2, 1)]);

    write(&store, stream(1), vec![watched("review", 0)]).await;
    assert_eq!(seen(&store, ToExpire(day(30))).await, [(2, 1)]);
    assert_eq!(seen(&store, Expired).await, [(1, 0)]);
    assert_eq!(seen(&store, ToEscalate(day(20))).await, []);
    assert_eq!(seen(&store, ToEscalate(day(21))).await, [(1, 0)]);
    write(&store, stream(1), vec![watched("review", 1)]).await;
    assert_eq!(seen(&store, Urged).await, [(1, 0)]);
    write(
        &store,
        stream(1),
        vec![watched("review", 2), watched("review", 3)],
    )
    .await;
    assert_eq!(seen(&store, Urged).await, []);
    assert_eq!(seen(&store, ToEscalate(day(40))).await, []);
    for role in [None, Some("superior".to_owned())] {
        assert_eq!(seen(&store, Escalated(role)).await, [(1, 0)]);
    }
    assert_eq!(seen(&store, Escalated(Some(ROLE.to_owned()))).await, []);
    // Stopped, it stays with the superior body until that closes it.
    write(&store, stream(1), vec![stopped("review")]).await;
    assert_eq!(seen(&store, Expired).await, []);
    assert_eq!(seen(&store, Escalated(None)).await, [(1, 0)]);
    assert!(store.rebuild_check().await.unwrap().equal);
    write(&store, stream(1), vec![watched("review", 6)]).await;
    assert_eq!(seen(&store, Escalated(None)).await, []);
    assert!(store.rebuild_check().await.unwrap().equal);
}
