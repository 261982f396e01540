//! Events put into the record as they stand, as another process or an engine would.

use shuyu_domain::{
    Event,
    event::{DatasetEvent, Examined},
    port::{Document, Proposal, Record, Request, Stream},
};
use shuyu_kernel::{Actor, BodyId, CaseId, DatasetId, Digest, PersonId};

use crate::world::World;

pub fn actor() -> Actor {
    Actor {
        person: PersonId::from_bits(1),
        body: BodyId::from_bits(1),
        role: "operator".to_owned(),
        post: "clerk".to_owned(),
        delegation: None,
    }
}

/// Puts an event into the record as it stands.
pub async fn write(world: &World, stream: Stream, event: Event, documents: Vec<Document>) {
    let request = Request {
        name: "test",
        stream,
        key: None,
        fingerprint: Digest::of(b"test"),
        expected_version: None,
        needs: Default::default(),
        seeks: Vec::new(),
        numbering: None,
        at: world.app.now(),
    };
    let decide = Box::new(move |_: &_| {
        Ok(Proposal {
            events: vec![event],
            documents,
            ..Proposal::default()
        })
    });
    world.store.transact(request, decide).await.unwrap();
}

/// A version of the table of an entry that nobody examined.
pub async fn recorded(world: &World, entry: &str, version: (&str, u64), domain: Option<&str>) {
    recorded_with(world, entry, version, domain, &["id_no", "age", "name"]).await;
}

/// The same with these columns; the first names the subject.
pub async fn recorded_with(
    world: &World,
    entry: &str,
    (table, version): (&str, u64),
    domain: Option<&str>,
    columns: &[&str],
) {
    let resource: CaseId = entry.parse().unwrap();
    let dataset = DatasetId::from_bits(resource.bits());
    let event = Event::Dataset(DatasetEvent::VersionRecorded {
        dataset,
        table: table.to_owned(),
        resource,
        version,
        rows: 100,
        files: Vec::new(),
        raw: Vec::new(),
        report: Digest::of(b"report"),
        domain: domain.map(str::to_owned),
        rows_per_unit: 1,
        columns: columns.iter().map(|column| (*column).to_owned()).collect(),
        unit_columns: columns[..1].iter().map(|column| (*column).to_owned()).collect(),
        correction: None,
        arrival: None,
        by: actor(),
    });
    write(world, Stream::Dataset(dataset), event, Vec::new()).await;
}

/// What the examination of a version of the table of an entry found, as an ingest records it.
pub async fn examined(world: &World, entry: &str, version: u64, examined: Examined) {
    let resource: CaseId = entry.parse().unwrap();
    let dataset = DatasetId::from_bits(resource.bits());
    let event = Event::Dataset(DatasetEvent::VersionExamined {
        dataset,
        resource,
        version,
        examined,
    });
    write(world, Stream::Dataset(dataset), event, Vec::new()).await;
}
