//! Zones and terms of keeping: a version that is not promoted is refused to permits, and one that was replaced goes
//! when its term is over and nothing pins it.

use serde_json::{Value, json};
use shuyu_domain::event::Examined;
use shuyu_kernel::{CaseId, CivilDate, DatasetId};

use crate::{
    chain::{self, Chain},
    world::{World, in_world},
};

async fn governance(world: &World, chain: &Chain) -> Value {
    let path = format!("/api/v1/datasets/{}/governance", people(chain));
    world.get(&path).token(&chain.provider).empty().await.ok()
}

fn people(chain: &Chain) -> DatasetId {
    let entry: CaseId = chain.people.parse().unwrap();
    DatasetId::from_bits(entry.bits())
}

#[test]
fn a_version_is_read_under_a_permit_once_it_is_promoted() {
    in_world(|world| async move {
        let chain = Chain::new(&world).await;
        assert_eq!(chain.ask(&world, "SELECT 1").await.status, 201);
        assert_eq!(governance(&world, &chain).await["zone"], "workbench");
        chain::recorded(&world, &chain.people, ("people", 2), Some("person")).await;
        let refused = chain.ask(&world, "SELECT 1").await;
        assert_eq!(refused.problem(), (409, "version_not_promoted".to_owned()));
        let found = governance(&world, &chain).await;
        assert_eq!(
            (&found["zone"], &found["promotion"]),
            (
                &json!("governed"),
                &json!({ "examined": false, "graded": true, "subjects": true })
            )
        );
        let naming = Examined {
            naming: vec!["name".to_owned()],
            ..Examined::default()
        };
        chain::examined(&world, &chain.people, 2, naming).await;
        let refused = chain.ask(&world, "SELECT 1").await;
        assert_eq!(refused.problem(), (409, "version_not_promoted".to_owned()));
        assert_eq!(governance(&world, &chain).await["promotion"]["subjects"], false);
        chain::recorded(&world, &chain.people, ("people", 3), Some("person")).await;
        chain::examined(&world, &chain.people, 3, Examined::default()).await;
        assert_eq!(chain.ask(&world, "SELECT 1").await.status, 201);
        assert!(world.store.rebuild_check().await.unwrap().equal);
    });
}

#[test]
fn a_replaced_version_goes_when_no_permit_that_read_it_holds_any_more() {
    in_world(|world| async move {
        let chain = Chain::new(&world).await;
        chain::release_of(&world, &chain.case, vec![(people(&chain), 1)]).await;
        chain::recorded(&world, &chain.people, ("people", 2), Some("person")).await;
        let kept = async |token: &str| {
            let path = format!("/api/v1/datasets/{}", people(&chain));
            let shown = world.get(&path).token(token).empty().await.ok();
            shown["versions"][1]["kept"].clone()
        };
        let first = kept(&chain.provider).await;
        assert!(
            first["replaced_on"].is_string() && first["until"].is_string(),
            "{first}"
        );
        assert_eq!(first["pinned_by"], json!(["permit"]));
        // The permit ends with its agreement, on the last day of 2027.
        for (day, gone) in [((2027, 6, 1), false), ((2028, 1, 3), true)] {
            world
                .wall
                .set_day(CivilDate::new(day.0, day.1, day.2).unwrap(), 9);
            world.app.sweep_new_day().await.unwrap();
            world.app.deliver_notices().await.unwrap();
            world.app.finish_purges().await.unwrap();
            let provider = world.sign_in("prov.clerk").await;
            let kept = kept(&provider).await;
            assert_eq!(kept["ended"].is_u64(), gone, "{day:?}: {kept}");
            assert_eq!(kept["purged"].is_u64(), gone, "{day:?}: {kept}");
            assert_eq!(kept["pinned_by"].as_array().unwrap().is_empty(), gone, "{kept}");
        }
        assert!(world.app.sweep().await.is_ok(), "what was done is done once");
        assert!(world.store.rebuild_check().await.unwrap().equal);
    });
}
