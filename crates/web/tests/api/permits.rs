//! What a permit grants, compiled from its chain at the moment of use.

use serde_json::{Value, json};

use crate::{
    chain::{self, Chain},
    world::{World, in_world},
};

async fn permit(world: &World, chain: &Chain) -> Value {
    let path = format!("/api/v1/permits/{}", chain.permit());
    let shown = world.get(&path).token(&chain.operator).empty().await.ok();
    shown["permit"].clone()
}

#[test]
fn a_retired_entry_supports_no_permit() {
    in_world(|world| async move {
        let chain = Chain::new(&world).await;
        chain::act(&world, &chain.provider, &chain.people, "retire").await;
        let refused = chain.ask(&world, "SELECT 1").await;
        assert_eq!(refused.problem(), (403, "resource_not_in_catalogue".to_owned()));
        assert_eq!(refused.json()["clauses"][0]["id"], "ST-OP-001");
    });
}

#[test]
fn an_open_table_is_open_while_its_entry_says_so() {
    in_world(|world| async move {
        let chain = Chain::new(&world).await;
        assert_eq!(
            permit(&world, &chain).await["tables"]["roads"]["kind"]["kind"],
            "public"
        );
        let world = &world;
        let act = async {
            world.oracle.started.notified().await;
            chain::act(world, &chain.provider, &chain.roads, "retire").await;
            world.oracle.go.notify_one();
        };
        let (ended, ()) = tokio::join!(chain.ask(world, "SELECT roads"), act);
        assert_eq!(ended.problem(), (403, "resource_not_in_catalogue".to_owned()));
    });
}

#[test]
fn a_column_that_names_the_subject_is_hidden() {
    in_world(|world| async move {
        let chain = Chain::new(&world).await;
        let permit = permit(&world, &chain).await;
        let column = &permit["tables"]["people"]["columns"]["id_no"];
        assert_eq!(
            (&column["unit"], &column["domain"]),
            (&json!(true), &json!("person"))
        );
        assert_eq!(column["uses"], json!(["link"]), "never in the clear");
        let age = &permit["tables"]["people"]["columns"]["age"];
        assert_eq!(
            (&age["unit"], &age["uses"]),
            (&json!(false), &json!(["group", "filter"]))
        );
    });
}

#[test]
fn a_permit_gives_the_rows_that_were_asked_for_and_no_text_gives_all() {
    in_world(|world| async move {
        let chain = Chain::new(&world).await;
        let tables = format!("{} people | some ages\n@ age:\nage: group\n", chain.people);
        let set = json!({ "agreement": chain.agreement, "tables": tables });
        let unread = json!({ "procedure": "use", "set": set });
        let refused = world.post("/api/v1/cases").token(&chain.operator).json(unread);
        assert_eq!(
            refused.await.problem().0,
            422,
            "rows that cannot be read are not all rows"
        );
        let chain = chain.for_rows(&world, "age: 3* 40", "group filter").await;
        let permit = permit(&world, &chain).await;
        assert_eq!(
            permit["tables"]["people"]["rows"],
            json!({ "column": "age", "is": ["40"], "begins": ["3"] })
        );
    });
}

#[test]
fn the_join_risk_is_assessed_by_the_reviewer_and_not_by_the_applicant() {
    for (report, verdict, assessed) in [
        (true, None, false),
        (true, Some("not_assessed"), false),
        (false, Some("assessed"), false),
        (true, Some("assessed"), true),
    ] {
        in_world(|world| async move {
            let chain = Chain::with(&world, report, verdict).await;
            let permit = permit(&world, &chain).await;
            assert_eq!(permit["join_risk_assessed"], assessed, "{report} {verdict:?}");
        });
    }
}
