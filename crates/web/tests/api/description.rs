//! The description of the interface and the interface itself say the same.

use axum::{
    body::Body,
    http::{Method, Request},
};
use serde_json::Value;

use crate::world::in_world;

fn document() -> Value {
    serde_json::to_value(shuyu_web::api::openapi()).unwrap()
}

/// Method, path and operation of everything described.
fn operations(document: &Value) -> Vec<(Method, String, Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if let Ok(method) = method.to_uppercase().parse::<Method>() {
                found.push((method, path.clone(), operation.clone()));
            }
        }
    }
    found
}

#[test]
fn the_document_is_openapi_3_1_and_what_is_served() {
    in_world(|world| async move {
        let served = world.get("/openapi.json").empty().await.ok();
        assert_eq!(served, document());
        assert!(served["openapi"].as_str().unwrap().starts_with("3.1"));
        assert_eq!(
            served["components"]["securitySchemes"].as_object().unwrap().len(),
            3
        );
    });
}

#[test]
fn every_route_is_described_and_every_description_is_a_route() {
    let mut described: Vec<String> = operations(&document())
        .iter()
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    described.sort();
    let mut expected: Vec<&str> = include_str!("routes.txt").lines().collect();
    expected.sort_unstable();
    assert_eq!(
        described, expected,
        "routes.txt lists the interface that clients rely on"
    );
}

#[test]
fn every_described_route_answers_strangers_with_401() {
    in_world(|world| async move {
        for (method, path, operation) in operations(&document()) {
            let address = path.replace(['{', '}'], "");
            let request = Request::builder()
                .method(method.clone())
                .uri(&address)
                .body(Body::empty())
                .unwrap();
            let answered = world.answer(request).await;
            let open = operation["security"] == serde_json::json!([{}]);
            let expected = if open {
                (415, "media_type_unsupported")
            } else {
                (401, "session_missing")
            };
            assert_eq!(
                answered.problem(),
                (expected.0, expected.1.to_owned()),
                "{method} {path}"
            );
        }
    });
}

#[test]
fn every_operation_says_what_it_does_and_how_it_fails() {
    let document = document();
    let mut ids = std::collections::BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let what = format!("{method} {path}");
        assert!(
            operation["summary"].as_str().is_some_and(|text| text.len() > 8),
            "{what}"
        );
        assert!(
            ids.insert(operation["operationId"].as_str().unwrap().to_owned()),
            "{what}"
        );
        let responses = operation["responses"].as_object().unwrap();
        for failure in ["4XX", "5XX"] {
            let schema = &responses[failure]["content"]["application/problem+json"]["schema"]["$ref"];
            assert_eq!(schema, "#/components/schemas/Problem", "{what} {failure}");
        }
        for name in path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        {
            let known = operation["parameters"].as_array().is_some_and(|all| {
                all.iter()
                    .any(|parameter| parameter["name"] == name && parameter["in"] == "path")
            });
            assert!(known, "{what} does not describe {name}");
        }
    }
}

#[test]
fn every_schema_that_is_named_exists() {
    fn walk(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => map.iter().for_each(|(key, value)| match value {
                Value::String(target) if key == "$ref" => found.push(target.clone()),
                other => walk(other, found),
            }),
            Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
            _ => {}
        }
    }
    for document in [
        document(),
        serde_json::to_value(shuyu_gateway::openapi()).unwrap(),
    ] {
        let mut names = Vec::new();
        walk(&document, &mut names);
        assert!(!names.is_empty());
        for name in names {
            let pointer = name.trim_start_matches('#');
            assert!(document.pointer(pointer).is_some(), "{name}");
        }
    }
}
