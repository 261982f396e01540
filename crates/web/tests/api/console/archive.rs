//! The archive package: complete, provable, the same bytes for the same state, and only for those it concerns.

use std::{collections::BTreeMap, io::Read as _};

use serde_json::{Value, json};
use shuyu_kernel::Digest;
use shuyu_ledger::{Receipt, VerifyingKey, verification_code};

use super::desk::{Desk, case_of};
use crate::world::{World, in_world, noted};

/// A request with an annex, opened and submitted by its operator.
async fn submitted(world: &World) -> String {
    let mut desk = Desk::sign_in(world, "op.clerk").await;
    let typed = [("f.name", "=园区"), ("f.contact", "张三丰"), ("then", "next")];
    let annex = ("file.annex", "附件.pdf", b"%PDF annex".as_slice());
    let saved = desk.parts("/open/request/form", &typed, &[annex]).await;
    let check = desk.follow(&saved).await.drawn(200);
    let done = desk.submit("/open/request", &check).await;
    let case = case_of(done.location());
    let form = format!("/cases/{case}/acts/submit/-");
    let check = desk.fill(&form, "form", &[("f.name", "=园区")]).await;
    desk.submit(&form, &check).await;
    case
}

/// The bytes of a package.
async fn taken(desk: &mut Desk<'_>, address: &str) -> Vec<u8> {
    let answered = desk.download(address).await;
    assert_eq!(answered.status, 200);
    assert!(answered.header("content-disposition").starts_with("attachment;"));
    answered.bytes.to_vec()
}

fn unpacked(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut files = BTreeMap::new();
    for at in 0..zip.len() {
        let mut file = zip.by_index(at).unwrap();
        let written = file.last_modified().unwrap();
        assert_eq!((written.year(), written.month(), written.day()), (2026, 3, 2));
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        assert!(files.insert(file.name().unwrap().into_owned(), bytes).is_none());
    }
    files
}

#[test]
fn a_package_holds_what_belongs_to_the_case_and_proves_it() {
    in_world(|world| async move {
        let case = submitted(&world).await;
        let address = format!("/cases/{case}/archive.zip");
        let mut desk = Desk::sign_in(&world, "op.clerk").await;
        let page = desk.get(&format!("/cases/{case}")).await.drawn(200);
        page.holds(&[&format!("href=\"{address}\"")]);
        desk.get(&address).await.drawn(409).holds(&["receipt_not_sealed"]);
        world.app.keeper().seal().await.unwrap();

        let zip = taken(&mut desk, &address).await;
        let files = unpacked(&zip);
        let manifest: Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
        let listed = manifest["resources"].as_array().unwrap();
        assert_eq!(listed.len() + 1, files.len(), "all but the manifest itself");
        for resource in listed {
            let bytes = &files[resource["path"].as_str().unwrap()];
            assert_eq!(resource["hash"], format!("sm3:{}", Digest::of(bytes)));
            assert_eq!(resource["bytes"], bytes.len());
        }
        assert!(manifest["retention"]["at_least"].is_string(), "{manifest}");
        assert_eq!(manifest["withheld"], json!([]));
        let index = String::from_utf8(files["index.csv"].clone()).unwrap();
        assert!(index.contains("\"papers/"), "{index}");

        let key = VerifyingKey::from_pem(std::str::from_utf8(&files["record/log-key.pem"]).unwrap()).unwrap();
        let receipts: Vec<&String> = files
            .keys()
            .filter(|name| name.starts_with("record/receipt-"))
            .collect();
        assert_eq!(receipts.len(), 2, "opened and submitted");
        for (at, name) in receipts.iter().enumerate() {
            let verified = Receipt::parse(&files[*name]).unwrap().verify(&key).unwrap();
            assert!(verified.entry.stream.ends_with(&case));
            let sheet = String::from_utf8(files[&format!("print/act-{}.html", at + 1)].clone()).unwrap();
            assert!(sheet.contains(&verification_code(&verified.leaf)), "{sheet}");
            assert!(
                sheet.contains("href=\"print.css\"") && !sheet.contains("<script"),
                "{sheet}"
            );
        }
        let entries = String::from_utf8(files["record/entries.jsonl"].clone()).unwrap();
        assert_eq!(entries.lines().count(), 2);
        let papers: Vec<&Vec<u8>> = files
            .iter()
            .filter(|(name, _)| name.starts_with("papers/"))
            .map(|(_, bytes)| bytes)
            .collect();
        assert_eq!(papers, [b"%PDF annex"]);
        let readme = String::from_utf8(files["README.txt"].clone()).unwrap();
        assert!(
            readme.contains("归档包：申〔2026〕1号") && readme.contains("Archive package: 申〔2026〕1号")
        );
        // Personal fields stay closed, also for their own party.
        for (name, bytes) in &files {
            assert!(!String::from_utf8_lossy(bytes).contains("张三丰"), "{name}");
        }
        assert_eq!(
            noted(&world, &format!("{case}/archive")).await.len(),
            2,
            "refused, then taken"
        );

        // A later day changes nothing, as long as nothing happens in the case.
        world.wall.advance_seconds(3600);
        assert_eq!(taken(&mut desk, &address).await, zip);
    });
}

#[test]
fn a_package_is_for_parties_and_those_who_watch() {
    in_world(|world| async move {
        let case = submitted(&world).await;
        let token = world.sign_in("op.clerk").await;
        let product = world.open(&token, "product", json!({ "name": "路网" })).await;
        world.app.keeper().seal().await.unwrap();
        let address = format!("/cases/{case}/archive.zip");
        let mut overseer = Desk::sign_in(&world, "bureau").await;
        let files = unpacked(&taken(&mut overseer, &address).await);
        assert!(files.contains_key("print/case.html"));
        let mut stranger = Desk::sign_in(&world, "dev.clerk").await;
        stranger.get(&address).await.drawn(404);
        // Everybody may look at a product, but only its parties take its file along.
        let page = stranger.get(&format!("/cases/{product}")).await.drawn(200);
        page.lacks(&["archive.zip"]);
        let refused = stranger
            .get(&format!("/cases/{product}/archive.zip"))
            .await
            .drawn(403);
        refused.holds(&["<code>archive_not_for_others</code>"]);
    });
}
