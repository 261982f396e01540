//! One transaction per act: lock, known key, load, decide, append, project, enqueue, commit.

use std::collections::BTreeMap;

use shuyu_domain::{
    event::{AirlockEvent, AnsweredQuery, CaseEvent, Event, ReleaseEvent, SourceEvent},
    port::{Committed, Decide, Document, Meter, Proposal, RecordError, Request, Stream},
};
use shuyu_kernel::{Digest, Fault, Refusal, Timestamp};
use tracing::Instrument;

use super::{
    budget,
    loading::{State, for_deciding},
    plain, traces,
};
use crate::{
    codec::{self, Recorded, Series},
    database::{Cell, DbError, Doing, Tx},
    kill,
    log::{Head, NewEntry},
    projection::Projection,
    store::Store,
};

/// A no or a failure inside the transaction; either way it is rolled back.
enum Stop {
    Refused(Refusal),
    Failed(DbError),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Stop::Refused(refusal)
    }
}
impl From<DbError> for Stop {
    fn from(error: DbError) -> Self {
        match error.violated().and_then(|rule| refusal_of(&rule)) {
            Some(refusal) => Stop::Refused(refusal),
            None => Stop::Failed(error),
        }
    }
}
impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Stop::Failed(fault.into())
    }
}

impl Store {
    /// See [`shuyu_domain::port::Record::transact`].
    pub(crate) async fn act(&self, request: Request, decide: Decide) -> Result<Committed, RecordError> {
        self.still_sound()?;
        let name = request.name;
        let span = tracing::info_span!("transact", name, stream = request.stream.name());
        match self.run(request, decide).instrument(span).await {
            Ok(committed) => Ok(committed),
            Err(Stop::Refused(refusal)) => Err(refusal.into()),
            Err(Stop::Failed(error)) => {
                let failed: Result<(), DbError> = self.stop_if_broken(Err(error));
                Err(failed
                    .err()
                    .map_or_else(|| Fault::new(name, "failed"), |error| error.fault(name))
                    .into())
            }
        }
    }

    /// See [`shuyu_domain::port::Record::earlier`].
    pub(crate) async fn known(
        &self,
        scope: &str,
        key: &str,
        fingerprint: Digest,
    ) -> Result<Option<Committed>, RecordError> {
        let doing = "looking up a key";
        let mut tx = self.main.read().await.doing(doing)?;
        match known_key(&mut tx, scope, key, fingerprint).await {
            Ok(earlier) => Ok(earlier),
            Err(Stop::Refused(refusal)) => Err(refusal.into()),
            Err(Stop::Failed(error)) => Err(error.fault(doing).into()),
        }
    }

    async fn run(&self, mut request: Request, decide: Decide) -> Result<Committed, Stop> {
        let mut tx = self.main.write().await?;
        let head = self.proceedings.lock(&mut tx).await?;
        if let Some((scope, key)) = &request.key
            && let Some(earlier) = known_key(&mut tx, scope, key, request.fingerprint).await?
        {
            tx.rollback().await?;
            return Ok(earlier);
        }
        request.at = not_backwards(request.at, self.proceedings.last_recorded(&mut tx, head).await?)?;
        let state = for_deciding(&mut tx, &self.proceedings, &request);
        let state = state.await?;
        check_expected(&request, state.loaded.version)?;
        let proposal = decide(&state.loaded)?;
        self.kill.reached(kill::BEFORE_APPEND);
        let committed = self.write(&mut tx, &request, head, state, proposal).await?;
        self.kill.reached(kill::BEFORE_COMMIT);
        tx.commit().await?;
        self.kill.reached(kill::AFTER_COMMIT);
        Ok(committed)
    }

    async fn write(
        &self,
        tx: &mut Tx,
        request: &Request,
        head: Head,
        state: State,
        proposal: Proposal,
    ) -> Result<Committed, Stop> {
        let Proposal {
            events,
            reply,
            outbox,
            vault,
            documents,
            meters,
            traces,
        } = proposal;
        let version = state.loaded.version;
        let recorded = in_place(request, state.own.is_some(), events, state.counter.as_ref())?;
        let last = self.append(tx, request, head, version, &recorded).await?;
        self.kill.reached(kill::BETWEEN_LEDGER_AND_TABLE);
        self.project(tx, head.size, state, &recorded).await?;
        if let Some(refusal) = budget::exceeded(tx, &recorded).await? {
            return Err(refusal.into());
        }
        for (ordinal, effect) in (0i64..).zip(&outbox) {
            let payload = effect.payload.to_string();
            let (key, kind) = (effect.key.as_str(), effect.kind.as_str());
            let row = [
                key.into(),
                kind.into(),
                payload.into(),
                head.size.into(),
                ordinal.into(),
            ];
            let insert = "INSERT INTO outbox (key, kind, payload, idx, ordinal, done) \
                          VALUES ($1, $2, $3, $4, $5, 0) ON CONFLICT (key) DO NOTHING";
            tx.execute(insert, &row).await?;
        }
        for item in &vault {
            self.vault.put(tx, item).await?;
        }
        self.kill.reached(kill::BEFORE_DOCUMENTS);
        beside(tx, &documents, meters).await?;
        for trace in &traces {
            if !traces::append(tx, trace).await? {
                return Err(Refusal::conflict("release_ledger_moved").into());
            }
        }
        let committed = Committed {
            reply,
            first: head.size,
            next: last.size,
            version: version + recorded.len() as u64,
            replayed: false,
        };
        remember_key(tx, request, &committed).await?;
        Ok(committed)
    }

    async fn append(
        &self,
        tx: &mut Tx,
        request: &Request,
        from: Head,
        version: u64,
        recorded: &[Recorded],
    ) -> Result<Head, Stop> {
        let stream = request.stream.name();
        let mut head = from;
        for (version, recorded) in (version + 1..).zip(recorded) {
            let entry = NewEntry {
                kind: recorded.event.kind(),
                stream: &stream,
                version,
                at: request.at,
                payload: codec::encode(recorded)?,
            };
            self.proceedings.append(tx, &mut head, entry).await?;
        }
        self.proceedings.move_head(tx, from, head).await?;
        Ok(head)
    }

    async fn project(
        &self,
        tx: &mut Tx,
        first: u64,
        state: State,
        recorded: &[Recorded],
    ) -> Result<(), Stop> {
        let counters: BTreeMap<Series, u64> = state.counter.into_iter().collect();
        let mut projection = Projection {
            case: state.own,
            registry: state.loaded.registry,
            source: state.loaded.source,
            airlock: state.loaded.airlock,
            counters,
        };
        for (index, recorded) in (first..).zip(recorded) {
            for change in projection.apply(index, recorded) {
                change.write(tx).await?;
                self.kill.reached(kill::MID_PROJECTION);
            }
        }
        Ok(())
    }
}

/// Documents and counters that stand or fall with the events.
async fn beside(tx: &mut Tx, documents: &[Document], meters: Vec<Meter>) -> Result<(), Stop> {
    for document in documents {
        if !plain::write_document(tx, document).await? {
            return Err(Refusal::conflict("document_changed")
                .fact("kind", &document.kind)
                .into());
        }
    }
    for meter in meters {
        let value = plain::add(tx, &meter.counter, meter.by).await?;
        if let Some((_, refusal)) = meter.at_most.filter(|(most, _)| value > *most) {
            return Err(refusal.into());
        }
    }
    Ok(())
}

/// The earlier answer under the same key, if the same was asked.
async fn known_key(
    tx: &mut Tx,
    scope: &str,
    key: &str,
    fingerprint: Digest,
) -> Result<Option<Committed>, Stop> {
    match earlier(tx, scope, key).await? {
        Some((known, _)) if known != fingerprint => Err(Refusal::conflict("idempotency_key_reused").into()),
        known => Ok(known.map(|(_, committed)| committed)),
    }
}

/// The answer under a key with the fingerprint of what was asked.
pub(super) async fn earlier(
    tx: &mut Tx,
    scope: &str,
    key: &str,
) -> Result<Option<(Digest, Committed)>, DbError> {
    let select = "SELECT fingerprint, reply, first_idx, next_idx, version FROM idempotency \
                  WHERE scope = $1 AND key = $2";
    let Some(row) = tx.row(select, &[scope.into(), key.into()]).await? else {
        return Ok(None);
    };
    let committed = Committed {
        reply: row.json(1)?,
        first: row.count(2)?,
        next: row.count(3)?,
        version: row.count(4)?,
        replayed: true,
    };
    Ok(Some((row.digest(0)?, committed)))
}

/// Acts decided side by side may have read the clock in another order than they are written in; more than this is
/// a clock that was set back, or an act decided before the clock was wound (platform choice).
const SIDE_BY_SIDE_MICROS: i64 = 5_000_000;

/// The instant of recording: never before what stands in the ledger already.
fn not_backwards(at: Timestamp, last: Option<Timestamp>) -> Result<Timestamp, Refusal> {
    match last {
        Some(last) if last.micros() - at.micros() > SIDE_BY_SIDE_MICROS => {
            Err(Refusal::conflict("clock_behind_record"))
        }
        Some(last) => Ok(at.max(last)),
        None => Ok(at),
    }
}

async fn remember_key(tx: &mut Tx, request: &Request, committed: &Committed) -> Result<(), DbError> {
    let Some((scope, key)) = &request.key else {
        return Ok(());
    };
    let row = [
        scope.as_str().into(),
        key.as_str().into(),
        request.fingerprint.into(),
        Cell::shown(&committed.reply),
        committed.first.into(),
        committed.next.into(),
        committed.version.into(),
        request.at.micros().into(),
    ];
    let insert = "INSERT INTO idempotency \
                  (scope, key, fingerprint, reply, first_idx, next_idx, version, recorded_at) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    tx.execute(insert, &row).await.map(|_| ())
}

fn check_expected(request: &Request, actual: u64) -> Result<(), Refusal> {
    match request.expected_version {
        Some(expected) if expected != actual => Err(Refusal::conflict("stale_version")
            .fact("expected", expected)
            .fact("actual", actual)),
        _ => Ok(()),
    }
}

/// The events with what else stands in their entries. An event of another stream is a fault of the caller and
/// is found here, before it could stand in the ledger for ever.
fn in_place(
    request: &Request,
    mut exists: bool,
    events: Vec<Event>,
    counter: Option<&(Series, u64)>,
) -> Result<Vec<Recorded>, Fault> {
    let mut series = counter.map(|(series, _)| series.clone());
    let mut recorded = Vec::with_capacity(events.len());
    for event in events {
        let opens = matches!(event, Event::Case(CaseEvent::Opened { .. }));
        let of_case = matches!(event, Event::Case(_));
        // A case begins with its opening and has only one.
        if !belongs(&request.stream, &event) || (of_case && opens == exists) {
            let what = format!("{} does not belong into {}", event.kind(), request.stream.name());
            return Err(Fault::new(request.name, what));
        }
        exists |= of_case;
        let numbering = if opens { series.take() } else { None };
        recorded.push(Recorded { event, numbering });
    }
    Ok(recorded)
}

fn belongs(stream: &Stream, event: &Event) -> bool {
    match (stream, event) {
        (Stream::Case(id), Event::Case(CaseEvent::Opened { case, .. })) => case == id,
        (Stream::Dataset(id), Event::Dataset(event)) => event.dataset() == *id,
        (
            Stream::Release(id),
            Event::Release(
                ReleaseEvent::Answered(AnsweredQuery { release, .. })
                | ReleaseEvent::Held(AnsweredQuery { release, .. })
                | ReleaseEvent::Charged { release, .. },
            ),
        ) => release == id,
        (Stream::Source(id), Event::Source(SourceEvent::Registered { source, .. })) => source == id,
        (Stream::Airlock(id), Event::Airlock(AirlockEvent::Opened { airlock, .. })) => airlock == id,
        (Stream::Case(_), Event::Case(_))
        | (Stream::Registry, Event::Registry(_))
        | (Stream::Source(_), Event::Source(_))
        | (Stream::Airlock(_), Event::Airlock(_))
        | (Stream::Installation, Event::Installation(_)) => true,
        _ => false,
    }
}

/// The named refusal of a unique rule: constraint name (PostgreSQL) or columns (SQLite).
fn refusal_of(rule: &str) -> Option<Refusal> {
    let codes = [
        (["case_file_number", "case_file.procedure"], "case_number_taken"),
        (["vault_pkey", "vault.reference"], "vault_reference_taken"),
        (["permit_pkey", "permit.permit"], "permit_already_issued"),
        (
            ["dataset_version_pkey", "dataset_version.dataset"],
            "dataset_version_exists",
        ),
        (["release_row_pkey", "release_row.id"], "release_already_recorded"),
        (["job_source_pkey", "job_source.id"], "source_already_registered"),
        (
            ["airlock_request_pkey", "airlock_request.id"],
            "airlock_already_opened",
        ),
    ];
    let code = codes
        .iter()
        .find(|(rules, _)| rules.iter().any(|start| rule.starts_with(start)));
    code.map(|(_, code)| Refusal::conflict(code))
}
