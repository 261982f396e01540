//! An installation under shipped rules, with whatever the engine decided written into its record.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::Router;
use shuyu_app::{App, Parts, Session, port::Answer, workbench::Released};
use shuyu_domain::{
    Case, Event, Registry,
    event::{AnsweredQuery, CaseEvent, DatasetEvent, Examined, RegistryEvent, ReleaseEvent},
    port::{Document, Proposal, Record, Request, Stream},
    value::TableUse,
};
use shuyu_kernel::{Actor, CaseId, CivilDate, Clock, DatasetId, Digest, PermitId, ReleaseId, kill::NoKill};
use shuyu_ledger::{FolderKind, SigningKey};
use shuyu_store::{AccessConfig, DatabaseConfig, Store, StoreConfig};
use shuyu_testkit::{MockClock, SeededSource};
use shuyu_web::{server, state::WebState};

use super::{Law, visitor::Visitor};
use crate::engines::{Counting, Oracle, Pond, Register, StoreKeeper};

/// The installation.
pub struct Hall {
    store: Arc<Store>,
    wall: Arc<MockClock>,
    day: CivilDate,
    router: Router,
    registry: Registry,
    /// Cases and releases of the engine → those of the record, where they differ.
    ids: BTreeMap<String, String>,
    tables: u128,
    numbers: AtomicU64,
    _folder: tempfile::TempDir,
}

impl Hall {
    pub async fn new(law: &Law) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let random = Arc::new(Counting::default());
        let path = |name: &str| folder.path().join(name);
        let config = StoreConfig {
            database: DatabaseConfig::Sqlite {
                path: path("record.db"),
            },
            access: AccessConfig::Sqlite {
                path: path("access.db"),
            },
            guard: path("guard.json"),
            adopt_missing_guard: false,
            installation: "hall-01".to_owned(),
            kind: FolderKind::Training,
            vault_key: [9; 32],
            signer: Arc::new(SigningKey::from_bytes(&[7; 32]).unwrap()),
            kill: Arc::new(NoKill),
            random: random.clone(),
        };
        let store = Arc::new(Store::open(config).await.unwrap());
        let wall = Arc::new(MockClock::on(CivilDate::new(2000, 1, 1).unwrap()));
        let app = Arc::new(App::new(Parts {
            record: store.clone(),
            lake: Arc::new(Pond::default()),
            identities: Arc::new(Register::default()),
            engine: Arc::new(Oracle::default()),
            keeper: Arc::new(StoreKeeper(store.clone())),
            profiles: law.rules(),
            wall: wall.clone() as Arc<dyn Clock>,
            ids: Arc::new(SeededSource::new(1)),
            secrets: random,
            training: true,
            wound_to: None,
        }));
        let router = server::router(WebState {
            app,
            texts: law.texts.clone(),
            secure_cookies: true,
        });
        Self {
            store,
            wall,
            day: CivilDate::new(2000, 1, 1).unwrap(),
            router,
            registry: Registry::default(),
            ids: BTreeMap::new(),
            tables: 0,
            numbers: AtomicU64::new(0),
            _folder: folder,
        }
    }

    /// Goes on to a day. `false`: the record is later already, and no record goes back.
    pub fn goes_on_to(&mut self, day: CivilDate) -> bool {
        if day < self.day {
            return false;
        }
        self.day = day;
        self.wall.set_day(day, 9);
        true
    }

    /// The same text with the record's cases instead of the engine's.
    pub fn ours(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (theirs, ours) in &self.ids {
            text = text.replace(theirs, ours);
        }
        text
    }

    /// Says what the record calls a case or a release of the engine.
    pub fn is_called(&mut self, theirs: &str, ours: &str) {
        self.ids.insert(theirs.to_owned(), ours.to_owned());
    }

    /// Registers whoever is new.
    pub async fn registers(&mut self, registry: &Registry) {
        let mut events = Vec::new();
        for (id, body) in &registry.bodies {
            if self.registry.bodies.get(id) != Some(body) {
                events.push(RegistryEvent::BodyRegistered {
                    body: body.clone(),
                    by: None,
                });
            }
        }
        for (id, person) in &registry.people {
            if self.registry.people.get(id) != Some(person) {
                events.push(RegistryEvent::PersonEnrolled {
                    person: *id,
                    name: person.name.clone(),
                    login: person.login.clone(),
                    memberships: person.memberships.clone(),
                    by: None,
                });
            }
        }
        for (number, delegation) in &registry.delegations {
            if !self.registry.delegations.contains_key(number) {
                events.push(RegistryEvent::Delegated {
                    delegation: delegation.clone(),
                    by: None,
                });
            }
        }
        let events = events.into_iter().map(Event::Registry).collect();
        self.writes(Stream::Registry, events, None).await;
        self.registry = registry.clone();
    }

    /// Writes events of the engine into a case.
    pub async fn happened(&mut self, case: CaseId, events: &[CaseEvent]) {
        let mut own = Vec::new();
        let mut numbering = None;
        for event in events {
            let text = self.ours(&serde_json::to_string(event).unwrap());
            let mut event: CaseEvent = serde_json::from_str(&text).unwrap();
            if let CaseEvent::Opened {
                number,
                procedure,
                meta,
                ..
            } = &mut event
            {
                // The engine numbers all procedures in one row, the record each in its own.
                number.push_str(&format!("-{case}"));
                numbering = Some((procedure.clone(), meta.recorded_on.year()));
            }
            own.push(Event::Case(event));
        }
        let case: CaseId = self.ours(&case.to_string()).parse().unwrap();
        self.writes(Stream::Case(case), own, numbering).await;
    }

    /// Makes sure that these tables stand in the record.
    pub async fn has_tables(&mut self, tables: &[TableUse], by: &Actor) {
        for table in tables {
            let known = self.store.datasets(Some(table.resource)).await.unwrap();
            if known.iter().any(|row| row.table == table.table) {
                continue;
            }
            let columns = table.columns.keys().cloned().collect();
            self.has_rows(table.resource, &table.table, columns, 1, by).await;
        }
    }

    /// Makes a dataset with so many rows stand in the record.
    pub async fn has_rows(
        &mut self,
        resource: CaseId,
        table: &str,
        columns: Vec<String>,
        rows: u64,
        by: &Actor,
    ) {
        self.tables += 1;
        let dataset = DatasetId::from_bits(self.tables);
        let event = DatasetEvent::VersionRecorded {
            dataset,
            table: table.to_owned(),
            resource,
            version: 1,
            rows,
            files: Vec::new(),
            raw: Vec::new(),
            report: Digest::of(b""),
            domain: None,
            rows_per_unit: 1,
            columns,
            unit_columns: Vec::new(),
            correction: None,
            arrival: None,
            by: by.clone(),
        };
        let examined = DatasetEvent::VersionExamined {
            dataset,
            resource,
            version: 1,
            examined: Examined::default(),
        };
        let events = vec![Event::Dataset(event), Event::Dataset(examined)];
        self.writes(Stream::Dataset(dataset), events, None).await;
    }

    /// Makes an answer stand in the record that left the domain under the permit of a case.
    pub async fn has_release(&mut self, case: CaseId, permit: PermitId, by: &Actor) -> ReleaseId {
        self.tables += 1;
        let release = ReleaseId::from_bits(self.tables);
        let released = Released {
            release,
            case,
            permit,
            answer: Answer {
                columns: vec!["n".to_owned()],
                rows: Vec::new(),
                read: Vec::new(),
            },
        };
        let body = serde_json::to_string(&released).unwrap();
        let event = ReleaseEvent::Answered(AnsweredQuery {
            release,
            permit,
            case,
            by: by.clone(),
            query: Digest::of(b"query"),
            read: Vec::new(),
            rows: 0,
            result: Digest::of(body.as_bytes()),
        });
        self.writes(Stream::Release(release), vec![Event::Release(event)], None)
            .await;
        let document = Document {
            kind: "release".to_owned(),
            key: release.to_string(),
            body,
            owner: case.to_string(),
            version: 1,
        };
        assert!(self.store.put_document(&document).await.unwrap());
        release
    }

    async fn writes(&self, stream: Stream, events: Vec<Event>, numbering: Option<(String, i16)>) {
        if events.is_empty() {
            return;
        }
        let request = Request {
            name: "walk",
            stream,
            key: None,
            fingerprint: Digest::of(b"walk"),
            expected_version: None,
            needs: Default::default(),
            seeks: Vec::new(),
            numbering,
            at: self.wall.now(),
        };
        let decide = Box::new(move |_: &_| {
            Ok(Proposal {
                events,
                ..Proposal::default()
            })
        });
        self.store.transact(request, decide).await.unwrap();
    }

    /// A case as the record has it.
    pub async fn case(&self, id: &str) -> Case {
        let id: CaseId = id.parse().unwrap();
        let loaded = self.store.load(&[id].into()).await.unwrap();
        loaded.linked[&id].clone()
    }

    /// Somebody in front of the console, signed in under this post.
    pub async fn sits_down(&self, actor: &Actor) -> Visitor {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let token = format!("token-{number}");
        let session = Session {
            key: Digest::of(token.as_bytes()).to_string(),
            actor: actor.clone(),
            login: self.registry.people[&actor.person].login.clone(),
            csrf: format!("csrf-{number}"),
            started_at: self.wall.now(),
            used_at: self.wall.now(),
            noted: Default::default(),
        };
        let document = Document {
            kind: "session".to_owned(),
            key: session.key.clone(),
            body: serde_json::to_string(&session).unwrap(),
            owner: actor.person.to_string(),
            version: 1,
        };
        assert!(self.store.put_document(&document).await.unwrap());
        Visitor {
            router: self.router.clone(),
            token,
            csrf: session.csrf,
        }
    }
}
