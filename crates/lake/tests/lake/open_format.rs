//! The tables are open: after decryption another Delta reader reads them as they are.

use deltalake_core::{DeltaTableBuilder, ensure_table_uri};
use futures::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, local::LocalFileSystem, path::Path};
use shuyu_lake::IngestMode;

use crate::world::{World, dataset, spec};

#[tokio::test(flavor = "multi_thread")]
async fn a_decrypted_table_is_an_ordinary_delta_table() {
    let world = World::new();
    let id = dataset(1);
    for (text, key, mode) in [
        (
            "id,day,word\n1,2026-01-01,中\n2,2026-01-02,文\n",
            "a",
            IngestMode::Replace,
        ),
        ("id,day,word\n3,2026-01-03,c\n", "b", IngestMode::Append),
        ("other\n1.5\n", "c", IngestMode::Replace),
    ] {
        let mut spec = spec(id, vec![world.raw(text.as_bytes()).await], key);
        spec.mode = mode;
        if key == "c" {
            spec.changes.drop = ["id".to_owned(), "day".to_owned()].into();
            spec.changes.rename = [("word".to_owned(), "other".to_owned())].into();
            spec.changes.retype = ["word".to_owned()].into();
        }
        world.ingest(spec).await.expect("ingest");
    }
    let clear_folder = tempfile::tempdir().expect("folder");
    let clear = LocalFileSystem::new_with_prefix(clear_folder.path()).expect("store");
    let store = world.lake.objects();
    let prefix = Path::from(id.to_string());
    let objects: Vec<_> = store.list(Some(&prefix)).try_collect().await.expect("list");
    for object in objects {
        let bytes = store
            .get(&object.location)
            .await
            .expect("get")
            .bytes()
            .await
            .expect("bytes");
        clear
            .put(&object.location, PutPayload::from(bytes))
            .await
            .expect("put");
    }
    let location = clear_folder.path().join(id.to_string());
    let location = ensure_table_uri(location.to_string_lossy()).expect("location");
    let open = |version: u64| {
        DeltaTableBuilder::from_url(location.clone())
            .expect("builder")
            .with_version(version)
            .load()
    };
    for (version, columns, rows) in [(0, 3, 2), (1, 3, 3), (2, 1, 1)] {
        let table = open(version).await.expect("table");
        let state = table.snapshot().expect("state");
        assert_eq!(state.schema().fields().count(), columns, "version {version}");
        let counted: usize = state
            .log_data()
            .iter()
            .filter_map(|file| file.num_records())
            .sum();
        assert_eq!(counted, rows, "version {version}");
        for file in state.log_data().iter() {
            let path = clear_folder
                .path()
                .join(id.to_string())
                .join(file.path().as_ref());
            let file = std::fs::File::open(path).expect("data file");
            let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file);
            assert!(reader.expect("ordinary Parquet").build().is_ok());
        }
    }
}
