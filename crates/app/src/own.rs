//! Own lists (自带名单): whoever works under a permit that grants fusion brings a list of subjects with labels, for this
//! permit and body alone (`docs/adr/0141`, `docs/adr/0182`).
//!
//! A file is received sealed, looked through, made a table without identifiers, and destroyed; the table has one version
//! for ever. What it must be is in [`judge`]; how it ends is in [`ending`].

mod ending;
mod judge;
mod received;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use shuyu_domain::{
    Case, Event, Value,
    case::OwnList,
    event::{CaseEvent, OwnEvent},
    port::{DatasetRow, Loaded, Proposal, Request, Stream},
};
use shuyu_kernel::{BodyId, CaseId, DatasetId, Digest, Id, PermitId, Refusal, RefusalKind, Use};
use shuyu_privacy::permit::{ColumnGrant, Permit, TableGrant, TableKind};
use shuyu_profile::RightTo;

pub(crate) use ending::Ending;
pub(crate) use received::Received;

use crate::{
    App, Session, Stop,
    dispatch::fingerprint,
    permit::{Standing, holds},
    port::{ByteStream, Ingested, OwnOrder, RawFile},
    right::right_of,
};

/// Longest file: 16 MiB. It is read in memory; a list of everybody in a province is no list. Platform default.
pub const LIMIT_BYTES: u64 = 16 * 1024 * 1024;
/// Most rows of a list. Platform default.
pub const MOST_ROWS: u64 = 200_000;
/// Most columns beside the one that names the subject. Platform default.
pub const MOST_LABELS: usize = 8;
/// Most lists that stand at once for one body under one permit. Platform default.
pub const MOST_LISTS: usize = 5;
/// Most lists that a body brings under one permit in all, so that nobody asks by one list after the other. Platform
/// default.
pub const MOST_EVER: usize = 50;

/// A list to be brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewOwnList {
    /// Name of the table for queries.
    pub name: String,
    /// Column that names the subject, as the header of the file has it.
    pub subject: String,
    /// Identifier domain of the subject; may be left out where the permit has one.
    #[serde(default)]
    pub domain: Option<String>,
}

/// The own lists of the session's body under a permit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnLists {
    /// Whether lists can be brought: the permit holds and grants fusion, and the risk is assessed.
    pub open: bool,
    /// Fewest subjects of a list, and of every value of a label; nothing while the permit does not hold.
    pub least: Option<u32>,
    /// Identifier domains that a list can be of.
    pub domains: Vec<String>,
    /// Lists, newest first, those that ended included.
    pub lists: Vec<OwnList>,
}

impl App {
    /// The own lists of the session's body under a permit. Whether it holds is not asked: what somebody brought they
    /// may always see and take back.
    ///
    /// # Errors
    /// `permit_unknown`, and what the registry or the right to use the permit refuses.
    pub async fn own_lists(&self, session: &Session, permit: PermitId) -> Result<OwnLists, Stop> {
        let result = self.own_lists_inner(session, permit).await;
        self.looked(session, "view", format!("{permit}/own-lists"), result)
            .await
    }

    async fn own_lists_inner(&self, session: &Session, permit: PermitId) -> Result<OwnLists, Stop> {
        self.require_signed_in(session)?;
        let id = CaseId::from_bits(permit.bits());
        let mut loaded = self.record.load(&[id].into()).await?;
        let case = loaded.linked.remove(&id);
        let case = case.ok_or_else(|| Refusal::unknown("permit_unknown"))?;
        loaded.registry.admits(&session.actor, self.today())?;
        let profile = self.profiles.get(case.profile)?;
        right_of(&profile, RightTo::UsePermit, &case, &session.actor)?;
        let standing = match self.standing(session, permit).await {
            Ok(standing) => Some(standing.permit),
            Err(Stop::Refused(_)) => None,
            Err(fault) => return Err(fault),
        };
        let standing = standing.as_ref();
        let mine = case.own.into_iter().rev();
        Ok(OwnLists {
            open: standing.is_some_and(|permit| judge::fuses(permit, "").is_ok()),
            least: standing.map(|permit| permit.thresholds.fused().k.value),
            domains: standing.map(judge::domains).unwrap_or_default(),
            lists: mine.filter(|list| list.body == session.actor.body).collect(),
        })
    }

    /// Brings a list. The bytes are delimited text in UTF-8 or GB18030 whose first row names the columns; they are not
    /// kept. The same `key` gives the list that was made under it.
    ///
    /// # Errors
    /// Everything the chain of the permit refuses; `fusion_not_granted`, `join_risk_not_assessed`, `table_name_invalid`,
    /// `own_name_taken`, `own_lists_too_many`, `own_lists_used_up`, `too_many_jobs`, `own_domain_not_in_permit`; what
    /// the file is refused for: `file_too_large`, `file_empty`, those of the reader, and those that say what a list
    /// must be.
    pub async fn bring_own_list(
        &self,
        session: &Session,
        permit: PermitId,
        new: NewOwnList,
        bytes: ByteStream,
        key: Option<String>,
    ) -> Result<OwnList, Stop> {
        let result = self.bring_inner(session, permit, &new, bytes, key).await;
        self.looked(session, "bring", format!("{permit}/own-lists"), result)
            .await
    }

    async fn bring_inner(
        &self,
        session: &Session,
        permit: PermitId,
        new: &NewOwnList,
        bytes: ByteStream,
        key: Option<String>,
    ) -> Result<OwnList, Stop> {
        let standing = self.standing(session, permit).await?;
        // What is no name may be somebody's identifier, and is repeated by no refusal.
        judge::name(&new.name)?;
        judge::fuses(&standing.permit, &new.name)?;
        let domain = judge::domain(&standing.permit, new.domain.as_deref())?;
        let (bytes, held) = self.received.holding(bytes);
        let raw = self.lake.receive("own-list.csv", bytes, LIMIT_BYTES).await?;
        // Whatever comes of it, and even if nobody waits for it any more, the file with the identifiers has to go.
        self.received.leave([raw.digest]);
        let made = self.take_in(session, &standing, (new, domain), &raw, key).await;
        drop(held);
        if let Err(error) = self.forget_received().await {
            // The list stands or was refused whatever became of the file, which the next look destroys.
            tracing::error!(%error, "the file of an own list could not be destroyed");
        }
        made
    }

    async fn take_in(
        &self,
        session: &Session,
        standing: &Standing,
        (new, domain): (&NewOwnList, String),
        raw: &RawFile,
        key: Option<String>,
    ) -> Result<OwnList, Stop> {
        let asked = fingerprint(&("bring-own-list", standing.permit.id, new, raw.digest));
        let key = key.map(|key| (session.actor.person.to_string(), key));
        if let Some((scope, key)) = &key
            && let Some(earlier) = self.record.repeated(scope, key, asked).await?
        {
            return self.brought(standing.case, &earlier.reply).await;
        }
        let case = self.own_case(standing.case).await?;
        let datasets = self.record.datasets(None).await?;
        room(&case, &datasets, session.actor.body, &new.name)?;
        let _place = self.hold_place(session, &new.name).await?;
        let survey = self.lake.survey_own(raw.digest, &new.subject, MOST_ROWS).await?;
        let order = OwnOrder {
            dataset: Id::new(self.wall.now(), self.ids.as_ref()),
            table: new.name.clone(),
            raw: raw.digest,
            subject: new.subject.clone(),
            domain,
            columns: judge::survey(&survey, new, &standing.permit)?,
        };
        let made = self.lake.ingest_own(&order).await?;
        let event = brought_event(session, &order, (&made, survey.subjects), self.today());
        let recorded = self.record_own(session, standing, event, (key, asked)).await;
        let stands = match &recorded {
            // Under the same key another request may have been first: its list is the one that stands.
            Ok(reply) => dataset_of(reply) == Some(order.dataset),
            Err(Stop::Refused(_)) => false,
            // It may stand in the record, and the sweep decides.
            Err(Stop::Fault(_)) => true,
        };
        if !stands {
            self.lake.destroy_own(order.dataset).await?;
        }
        self.brought(standing.case, &recorded?).await
    }

    async fn record_own(
        &self,
        session: &Session,
        standing: &Standing,
        event: OwnEvent,
        (key, asked): (Option<(String, String)>, Digest),
    ) -> Result<serde_json::Value, Stop> {
        let request = Request {
            key,
            needs: standing.needs.clone(),
            ..self.own_request("bring-own-list", standing.case, asked)
        };
        let (profiles, session, today) = (self.profiles.clone(), session.clone(), self.today());
        let case = standing.case;
        let decide = Box::new(move |loaded: &Loaded| {
            let found = loaded.linked.get(&case);
            let found = found.ok_or_else(|| Refusal::unknown("permit_unknown"))?;
            let profile = profiles.get(found.profile)?;
            holds(&profile, loaded, case, &session, today)?;
            let OwnEvent::Brought { dataset, table, .. } = &event else {
                return Err(Refusal::unknown("own_list_unknown"));
            };
            room(found, &loaded.datasets, session.actor.body, table)?;
            let reply = serde_json::json!({ "dataset": dataset });
            Ok(Proposal {
                events: vec![Event::Case(CaseEvent::Own(event))],
                reply,
                ..Proposal::default()
            })
        });
        Ok(self.record.transact(request, decide).await?.reply)
    }

    async fn brought(&self, case: CaseId, reply: &serde_json::Value) -> Result<OwnList, Stop> {
        let dataset = dataset_of(reply);
        let case = self.own_case(case).await?;
        let list = dataset.and_then(|dataset| case.own_list(dataset).cloned());
        Ok(list.ok_or_else(unknown)?)
    }

    async fn own_case(&self, case: CaseId) -> Result<Case, Stop> {
        let mut loaded = self.record.load(&[case].into()).await?;
        let found = loaded.linked.remove(&case);
        Ok(found.ok_or_else(|| Refusal::unknown("permit_unknown"))?)
    }

    fn own_request(&self, name: &'static str, case: CaseId, asked: Digest) -> Request {
        Request {
            name,
            stream: Stream::Case(case),
            key: None,
            fingerprint: asked,
            expected_version: None,
            needs: BTreeSet::from([case]),
            seeks: Vec::new(),
            numbering: None,
            at: self.now(),
        }
    }
}

fn dataset_of(reply: &serde_json::Value) -> Option<DatasetId> {
    reply.get("dataset")?.as_str()?.parse().ok()
}

fn unknown() -> Refusal {
    Refusal::unknown("own_list_unknown")
}

/// Whether one more list of that name can stand: asked before the file is looked through, and again when it is recorded.
fn room(case: &Case, datasets: &[DatasetRow], body: BodyId, table: &str) -> Result<(), Refusal> {
    let granted = case.permit.iter().flat_map(|permit| &permit.tables);
    let mut governed = granted.map(|granted| &granted.table);
    let taken = governed.any(|name| name == table)
        || datasets.iter().any(|row| row.table == table)
        || case.own_lists(body).any(|list| list.table == table);
    if taken {
        return Err(Refusal::conflict("own_name_taken").fact("table", judge::shown(table)));
    }
    if case.own_lists(body).count() >= MOST_LISTS {
        return Err(Refusal::new(RefusalKind::Limited, "own_lists_too_many").fact("limit", MOST_LISTS));
    }
    if case.own.iter().filter(|list| list.body == body).count() >= MOST_EVER {
        return Err(Refusal::new(RefusalKind::Limited, "own_lists_used_up").fact("limit", MOST_EVER));
    }
    Ok(())
}

fn brought_event(
    session: &Session,
    order: &OwnOrder,
    (made, subjects): (&Ingested, u64),
    on: shuyu_kernel::CivilDate,
) -> OwnEvent {
    let of_subject = |(_, title): &&(String, String)| *title == order.subject;
    let subject = order
        .columns
        .iter()
        .find(of_subject)
        .map(|(name, _)| name.clone());
    let subject = subject.unwrap_or_default();
    let names = order.columns.iter().map(|(name, _)| name);
    OwnEvent::Brought {
        dataset: order.dataset,
        table: order.table.clone(),
        version: made.version,
        rows: made.rows,
        subjects,
        labels: names.filter(|name| **name != subject).cloned().collect(),
        subject,
        domain: order.domain.clone(),
        raw: order.raw,
        files: made.files.clone(),
        by: session.actor.clone(),
        on,
    }
}

/// Whether a permit grants fusion: its application asked for it. What was asked is no more after a refusal, and a reviewer
/// says in the same case whether the risk is assessed.
pub(crate) fn asked_for(case: &Case) -> bool {
    case.fields.get("fusion") == Some(&Value::YesNo(true))
}

/// The own lists of a body join the tables of its permit, each at its only version.
pub(crate) fn add_lists(case: &Case, body: BodyId, tables: &mut BTreeMap<String, TableGrant>) {
    let column = |uses: &[Use], domain: Option<&String>| ColumnGrant {
        uses: uses.iter().copied().collect(),
        unit: domain.is_some(),
        domain: domain.cloned(),
        ..ColumnGrant::default()
    };
    for list in case.own_lists(body) {
        let label = |name: &String| (name.clone(), column(&[Use::Out, Use::Group, Use::Filter], None));
        let mut columns: BTreeMap<String, ColumnGrant> = list.labels.iter().map(label).collect();
        columns.insert(list.subject.clone(), column(&[Use::Link], Some(&list.domain)));
        tables.entry(list.table.clone()).or_insert(TableGrant {
            dataset: list.dataset,
            version: list.version,
            kind: TableKind::Own,
            provider: None,
            columns,
            struck: Vec::new(),
            rows: None,
        });
    }
}

/// Columns of a list with the identifier domain of the one that names the subject.
pub(crate) fn named(grant: &TableGrant) -> impl Iterator<Item = (&String, Option<String>)> {
    let columns = grant.columns.iter();
    columns.map(|(name, column)| (name, column.domain.clone().filter(|_| column.unit)))
}

/// The column of a list that names the subject.
pub(crate) fn subject(grant: &TableGrant) -> Vec<String> {
    let of_subject = grant.columns.iter().filter(|(_, column)| column.unit);
    of_subject.map(|(name, _)| name.clone()).collect()
}

/// That the lists which were read stand still: whoever took one back gets no answer from it any more.
///
/// # Errors
/// `own_list_unknown`.
pub(crate) fn still_stand(case: &Case, permit: &Permit, read: &[(DatasetId, u64)]) -> Result<(), Refusal> {
    let own = permit
        .tables
        .values()
        .filter(|grant| grant.kind == TableKind::Own);
    let mut own_read = own.filter(|grant| read.iter().any(|(dataset, _)| *dataset == grant.dataset));
    let stands = |dataset: DatasetId| case.own_list(dataset).is_some_and(OwnList::stands);
    match own_read.find(|grant| !stands(grant.dataset)) {
        None => Ok(()),
        Some(_) => Err(unknown()),
    }
}
