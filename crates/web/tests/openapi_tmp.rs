//! Temporary.
#[test]
fn write() {
    std::fs::write("../../docs/generated/openapi.json", format!("{}\n", shuyu_web::api::openapi().to_pretty_json().unwrap())).unwrap();
}
