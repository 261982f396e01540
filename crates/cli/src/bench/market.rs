//! A verification product on the market, for measuring calls of it: the cases it rests on are put into the record as
//! they would stand, and everything from the register's rows to the customer's key goes through the use cases.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Context as _, bail, ensure};
use futures::{StreamExt as _, stream};
use shuyu_app::{
    App, Session,
    files::UploadKind,
    identity::{NewConsent, NewIndex},
    ingest::NewIngest,
    jobs::JobStatus,
    product::NewKey,
};
use shuyu_domain::{
    Event, Value,
    event::{ActMeta, CaseEvent, PermitTable},
    port::{Loaded, Proposal, Request, Stream},
};
use shuyu_kernel::{CaseId, Digest, Manner, PermitId, ResidentId, Use};
use shuyu_testkit::SeededSource;

use super::{ledger::signed_in, people::scattered};
use crate::serve::Server;

/// The table of the register.
const TABLE: &str = "residents";
/// What consents say that an answer is for.
pub(super) const PURPOSE: &str = "a loan";
/// Calls a day of the product: more than are measured.
const QUOTA: i64 = 10_000_000;
/// First day on which somebody of the register was born, in days since 1970-01-01: 1950-01-01.
const FIRST_BIRTH: i64 = -7_305;
/// Days of births: fifty years, so that many a region and day comes once in a register of a million.
const BIRTHS: u64 = 18_262;
/// Days until the permit ends, and the consents.
const TERM: i64 = 300;
/// Time between two looks at a job.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Somebody of the register: an identity number that can exist, and a name that nobody else has.
///
/// # Errors
/// None for numbers of a register.
pub(super) fn subject(number: u64) -> anyhow::Result<(String, String)> {
    let drawn = scattered(number);
    let area = format!("{}", 530_100 + drawn % 2_900);
    let born = i64::try_from((drawn >> 16) % BIRTHS)?;
    let born = shuyu_kernel::CivilDate::from_days(FIRST_BIRTH + born);
    // The number itself is in the name, so that two people of one identity number are two pairs.
    let sequence = u16::try_from((drawn >> 40) % 1_000)?;
    let id = ResidentId::from_parts(&area, born, sequence).context("an identity number")?;
    Ok((id.reveal().to_owned(), format!("name {number}")))
}

/// A product with its people.
pub(super) struct Market {
    pub product: CaseId,
    pub key: NewKey,
    pub pairs: u64,
    operator: Session,
    customer: Session,
    paper: String,
}

impl Market {
    /// Brings a register of so many people, compiles it for a product, delivers it, and makes a key.
    pub(super) async fn open(server: &Server, people: u64) -> anyhow::Result<Self> {
        let app = &server.app;
        let provider = signed_in(app, "rsj_clerk").await?;
        let operator = signed_in(app, "op_manager").await?;
        let customer = signed_in(app, "bing_clerk").await?;
        let cases = Cases {
            app,
            ids: SeededSource::new(7),
        };
        let graded = [("grade", Value::Choice("important".to_owned()))];
        let entry = cases.stands(("resource", "published"), &provider, graded).await?;
        let table = register(server, &provider, entry, people).await?;
        let cleared = [("person", Value::Person(operator.actor.person))];
        cases.stands(("staff", "cleared"), &operator, cleared).await?;
        let scope = [("scope", Value::Cases(vec![entry]))];
        let plan = cases.stands(("plan", "approved"), &provider, scope).await?;
        let on = [("plan", Value::Case(plan))];
        let agreement = cases
            .stands(("operator_agreement", "active"), &operator, on)
            .await?;
        let permit = cases
            .permitted(&operator, [plan, agreement, entry], table)
            .await?;
        let bought = cases.stands(("development", "active"), &customer, []).await?;
        let set = [
            ("kind", Value::Choice("verification".to_owned())),
            ("data_use", Value::Case(permit)),
            ("daily_quota", Value::Integer(QUOTA)),
        ];
        let delivered = CaseEvent::ProductDelivered {
            number: 1,
            agreement: bought,
            customer: customer.actor.body,
        };
        let product = cases
            .put(("product", "published"), &operator, set, |_| Some(delivered))
            .await?;
        let index = NewIndex {
            table: TABLE.to_owned(),
            identifier: "id_no".to_owned(),
            attributes: vec!["name".to_owned()],
        };
        let compiled = app.compile_index(&operator, product, index, None).await?;
        let key = app.make_key(&customer, product, 1, None).await?;
        let paper = stream::iter([Ok::<_, std::io::Error>(bytes::Bytes::from_static(b"paper"))]).boxed();
        let paper = app
            .upload(&operator, "paper.pdf", UploadKind::Paper, paper)
            .await?;
        Ok(Self {
            product,
            key,
            pairs: compiled.pairs,
            operator,
            customer,
            paper: paper.digest.to_string(),
        })
    }

    /// The consent of a subject to one question: its token.
    pub(super) async fn consent(&self, app: &App, identifier: &str) -> anyhow::Result<String> {
        let new = NewConsent {
            customer: self.customer.actor.body,
            identifier: identifier.to_owned(),
            purpose: PURPOSE.to_owned(),
            until: app.today().plus_days(TERM),
            paper: self.paper.clone(),
        };
        let consent = app
            .record_consent(&self.operator, self.product, new, None)
            .await?;
        Ok(consent.token)
    }
}

/// Uploads and ingests the register. A name of the table that it is.
async fn register(
    server: &Server,
    provider: &Session,
    resource: CaseId,
    people: u64,
) -> anyhow::Result<PermitTable> {
    let app = &server.app;
    let chunk = 10_000;
    let starts: Vec<u64> = (0..people).step_by(chunk).collect();
    let lines = starts.into_iter().map(move |start| {
        let numbers = start..people.min(start + chunk as u64);
        let line = |number| subject(number).map(|(id, name)| format!("{id},{name}\n"));
        let lines: Result<Vec<String>, _> = numbers.map(line).collect();
        let header = if start == 0 { "id_no,name\n" } else { "" };
        let text = header.to_owned() + &lines.map_err(std::io::Error::other)?.concat();
        Ok(bytes::Bytes::from(text))
    });
    let file = app
        .upload(
            provider,
            "residents.csv",
            UploadKind::Data,
            stream::iter(lines).boxed(),
        )
        .await?;
    let new = NewIngest {
        resource,
        table: TABLE.to_owned(),
        upload: file.digest,
        unit_columns: vec!["id_no".to_owned()],
        domain: Some("person".to_owned()),
        set_aside: None,
        correction: None,
        arriving: Default::default(),
    };
    let job = app.start_ingest(provider, new, "bench".to_owned()).await?;
    loop {
        let view = app.job(provider, job).await?;
        match view.status {
            JobStatus::Running => tokio::time::sleep(LOOK_EVERY).await,
            JobStatus::Done(made) => {
                ensure!(made.rows == people, "rows were lost on the way");
                break;
            }
            other => bail!("the register was not taken in: {other:?}"),
        }
    }
    let link = BTreeSet::from([Use::Link]);
    Ok(PermitTable {
        resource,
        table: TABLE.to_owned(),
        columns: ["id_no", "name"]
            .map(|name| (name.to_owned(), link.clone()))
            .into(),
        struck: Vec::new(),
        rows: None,
    })
}

/// Puts cases into the record.
struct Cases<'a> {
    app: &'a App,
    ids: SeededSource,
}

impl Cases<'_> {
    /// A case that stands at a stage, with the body that opened it as its party and with these answers.
    async fn stands<const N: usize>(
        &self,
        place: (&str, &str),
        by: &Session,
        set: [(&str, Value); N],
    ) -> anyhow::Result<CaseId> {
        self.put(place, by, set, |_| None).await
    }

    /// A data use with its permit, which rests on these cases: plan, agreement and entry.
    async fn permitted(&self, by: &Session, on: [CaseId; 3], table: PermitTable) -> anyhow::Result<CaseId> {
        let expires_on = self.app.today().plus_days(TERM);
        let issued = |case: CaseId| {
            Some(CaseEvent::PermitIssued {
                permit: PermitId::from_bits(case.bits()),
                chain: on.into_iter().chain([case]).collect(),
                tables: vec![table],
                expires_on,
            })
        };
        let set = [
            ("agreement", Value::Case(on[1])),
            ("answers", Value::Choice("verify".to_owned())),
        ];
        self.put(("data_use", "permitted"), by, set, issued).await
    }

    /// The same, and what happened to it besides.
    async fn put<const N: usize>(
        &self,
        (procedure, stage): (&str, &str),
        by: &Session,
        set: [(&str, Value); N],
        more: impl FnOnce(CaseId) -> Option<CaseEvent>,
    ) -> anyhow::Result<CaseId> {
        let app = self.app;
        let (profile, today) = (app.profile(), app.today());
        let case = CaseId::new(app.now(), &self.ids);
        let opened = CaseEvent::Opened {
            case,
            procedure: procedure.to_owned(),
            profile: profile.digest,
            number: format!("{procedure}-{case}"),
            stage: stage.to_owned(),
            parties: [(by.actor.role.clone(), [by.actor.body].into())].into(),
            set: set.map(|(field, value)| (field.to_owned(), value)).into(),
            title: procedure.to_owned(),
            holder: None,
            meta: ActMeta {
                act: "open".to_owned(),
                actor: by.actor.clone(),
                manner: Manner::InPerson,
                happened_on: today,
                recorded_on: today,
                decided_by: None,
                paper: None,
                steps: Vec::new(),
                clauses: Vec::new(),
            },
        };
        let events: Vec<Event> = std::iter::once(opened)
            .chain(more(case))
            .map(Event::Case)
            .collect();
        let request = Request {
            name: "open-case",
            stream: Stream::Case(case),
            key: None,
            fingerprint: Digest::of(case.to_string().as_bytes()),
            expected_version: None,
            needs: Default::default(),
            seeks: Vec::new(),
            numbering: None,
            at: app.now(),
        };
        let decide = Box::new(move |_: &Loaded| {
            Ok(Proposal {
                events,
                ..Proposal::default()
            })
        });
        app.record().transact(request, decide).await?;
        Ok(case)
    }
}
