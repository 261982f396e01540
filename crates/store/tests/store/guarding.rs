//! What refuses to open.

use std::{fs, sync::Arc};

use shuyu_domain::port::{Log, Record};
use shuyu_ledger::{FolderKind, SigningKey};
use shuyu_store::{OpenError, Store, StoreConfig};

use crate::{
    events::{note, opened, stream, taken},
    world::{World, write},
};

async fn with_acts(world: &World, acts: &[&str]) {
    let store = world.open().await;
    write(&store, stream(1), vec![opened(1)]).await;
    for act in acts {
        write(&store, stream(1), vec![taken(act, None, None, false)]).await;
    }
    store.note(&[note(1)]).await.unwrap();
    store.seal_all().await.unwrap();
    store.close().await;
}

pub async fn a_shorter_log_is_refused(world: World) {
    with_acts(&world, &["a", "b"]).await;
    // The database of an earlier day, with the guard of today.
    let older = world.another().await;
    with_acts(&older, &["a"]).await;
    let config = StoreConfig {
        guard: world.guard(),
        ..older.config()
    };
    let before = older.dump().await;
    match older.refused(config).await {
        OpenError::RestoredOlderCopy { stored: 2, guard, .. } => assert_eq!(guard.size, 3),
        other => panic!("{other}"),
    }
    assert_eq!(older.dump().await, before);
    // An empty one is an older copy too.
    let empty = world.another().await;
    let config = StoreConfig {
        guard: world.guard(),
        ..empty.config()
    };
    assert_eq!(empty.refused(config).await.code(), "store_restored_older_copy");
    if !world.is_postgres() {
        a_file_put_back_is_refused(&world).await;
    }
}

/// The very thing: copy the file, go on, put the copy back.
async fn a_file_put_back_is_refused(world: &World) {
    let copy = world.folder.path().join("copy.db");
    fs::copy(world.file(), &copy).unwrap();
    let store = world.open().await;
    write(&store, stream(1), vec![taken("c", None, None, false)]).await;
    store.seal_all().await.unwrap();
    store.close().await;
    let later = world.folder.path().join("later.db");
    fs::copy(world.file(), &later).unwrap();
    fs::copy(&copy, world.file()).unwrap();
    assert_eq!(
        world.refused(world.config()).await.code(),
        "store_restored_older_copy"
    );
    fs::copy(&later, world.file()).unwrap();
    // The same for the access log.
    let access = world.folder.path().join("access.db");
    fs::copy(&access, &copy).unwrap();
    let store = world.open().await;
    store.note(&[note(2)]).await.unwrap();
    store.seal_all().await.unwrap();
    store.close().await;
    fs::copy(&copy, &access).unwrap();
    assert!(matches!(
        world.refused(world.config()).await,
        OpenError::RestoredOlderCopy { stored: 1, .. }
    ));
}

pub async fn another_history_is_refused(world: World) {
    with_acts(&world, &["a", "b"]).await;
    let other = world.another().await;
    with_acts(&other, &["x", "y", "z"]).await;
    let config = StoreConfig {
        guard: world.guard(),
        ..other.config()
    };
    match other.refused(config).await {
        OpenError::OtherHistory {
            guard, stored_root, ..
        } => {
            assert_eq!(guard.size, 3);
            assert_ne!(guard.root, stored_root);
        }
        unexpected => panic!("{unexpected}"),
    }
}

pub async fn a_lost_guard_is_refused_until_adopted(world: World) {
    with_acts(&world, &["a"]).await;
    fs::remove_file(world.guard()).unwrap();
    assert!(matches!(
        world.refused(world.config()).await,
        OpenError::GuardMissing { stored: 2, .. }
    ));
    let adopting = StoreConfig {
        adopt_missing_guard: true,
        ..world.config()
    };
    Store::open(adopting).await.unwrap().close().await;
    // From now on it is guarded again.
    world.open().await.close().await;
    let empty = world.another().await;
    let config = StoreConfig {
        guard: world.guard(),
        adopt_missing_guard: true,
        ..empty.config()
    };
    assert_eq!(empty.refused(config).await.code(), "store_restored_older_copy");
    fs::write(world.guard(), "{").unwrap();
    assert_eq!(world.refused(world.config()).await.code(), "store_fault");
}

pub async fn other_keys_and_kinds_are_refused(world: World) {
    with_acts(&world, &[]).await;
    let wrong = [
        (
            StoreConfig {
                vault_key: [8; 32],
                ..world.config()
            },
            "store_vault_key_wrong",
        ),
        (
            StoreConfig {
                signer: Arc::new(SigningKey::from_bytes(&[3; 32]).unwrap()),
                ..world.config()
            },
            "store_signing_key_wrong",
        ),
        (
            StoreConfig {
                kind: FolderKind::Production,
                ..world.config()
            },
            "store_other_installation",
        ),
        (
            StoreConfig {
                installation: "test-02".to_owned(),
                ..world.config()
            },
            "store_other_installation",
        ),
        (
            StoreConfig {
                installation: "Not a name".to_owned(),
                ..world.config()
            },
            "store_name_malformed",
        ),
    ];
    for (config, code) in wrong {
        assert_eq!(world.refused(config).await.code(), code);
    }
    let store = world.open().await;
    assert_eq!(store.size(Log::Proceedings).await.unwrap(), 1);
}

pub async fn a_newer_schema_is_refused(world: World) {
    with_acts(&world, &[]).await;
    world
        .sql("INSERT INTO schema_migration (number, name, digest) VALUES (999, 'later', '')")
        .await
        .unwrap();
    assert!(matches!(
        world.refused(world.config()).await,
        OpenError::NewerSchema { found: 999, .. }
    ));
}

pub async fn an_edited_migration_is_refused(world: World) {
    with_acts(&world, &[]).await;
    world
        .sql("UPDATE schema_migration SET digest = 'other' WHERE number = 2")
        .await
        .unwrap();
    assert!(matches!(
        world.refused(world.config()).await,
        OpenError::OtherSchema { number: 2 }
    ));
}
