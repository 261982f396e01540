//! Sources of Python jobs: registered by the digest of their text under a permit, never changed.

use std::collections::BTreeSet;

use futures::StreamExt;
use shuyu_domain::{
    Event, Source,
    event::{Declared, SourceEvent},
    port::{AirlockFilter, Loaded, Proposal, Request, Stream},
    source::check_manifest,
};
use shuyu_kernel::{CaseId, Digest, Id, PermitId, Refusal, SourceId};
use shuyu_privacy::scan::scan;
use shuyu_profile::RightTo;

use crate::{
    App, Session, Stop,
    dispatch::fingerprint,
    permit::{Standing, holds},
    port::ByteStream,
    right::right_of,
};

/// Longest source, in bytes. Platform choice: a program that people can read.
pub const LONGEST_SOURCE: usize = 256 * 1024;

/// What is to be registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSource {
    /// Python text.
    pub text: String,
    /// Output files.
    pub manifest: Vec<Declared>,
}

impl App {
    /// Registers a source under a permit. The same text with the same output files is the same source.
    ///
    /// # Errors
    /// Everything [`App::standing`] refuses, `role_may_not_act`, `source_empty`, `source_too_long`,
    /// `source_identifies`, and what [`check_manifest`] refuses.
    pub async fn register_source(
        &self,
        session: &Session,
        permit: PermitId,
        new: NewSource,
    ) -> Result<Source, Stop> {
        let result = match self.register_inner(session, permit, new).await {
            Ok(source) => Ok(source),
            // A text that is none is for no law to say.
            Err(Stop::Refused(refusal))
                if matches!(refusal.code.as_str(), "source_empty" | "source_too_long") =>
            {
                Err(refusal.into())
            }
            Err(stop) => {
                let case = CaseId::from_bits(permit.bits());
                Err(self.grounded_in(case, RightTo::RunJobs, stop).await)
            }
        };
        let subject = format!("{permit}/source");
        self.noted(session, &subject, result).await
    }

    async fn register_inner(
        &self,
        session: &Session,
        permit: PermitId,
        new: NewSource,
    ) -> Result<Source, Stop> {
        let standing = self.may_run(session, permit).await?;
        check_text(&new.text)?;
        check_manifest(&new.manifest)?;
        let digest = self.seal_bytes("source.py", new.text.as_bytes()).await?;
        let id = source_id(permit, digest, &new.manifest);
        if let Some(known) = self.record.source(id).await? {
            return Ok(known);
        }
        let event = SourceEvent::Registered {
            source: id,
            permit,
            case: standing.case,
            digest,
            size_bytes: new.text.len() as u64,
            manifest: new.manifest,
            by: session.actor.clone(),
        };
        let at = self.now();
        let request = self.source_request("register-source", id, &standing, &(id, digest));
        let (profiles, session_, case) = (self.profiles.clone(), session.clone(), standing.case);
        let decide = Box::new(move |loaded: &Loaded| {
            let found = loaded.linked.get(&case);
            let pinned = found.ok_or_else(|| Refusal::unknown("permit_unknown"))?.profile;
            let profile = profiles.get(pinned)?;
            holds(&profile, loaded, case, &session_, profile.zone.date(at))?;
            if loaded.source.is_some() {
                return Err(Refusal::conflict("source_already_registered"));
            }
            Ok(Proposal {
                events: vec![Event::Source(event)],
                ..Proposal::default()
            })
        });
        self.record.transact(request, decide).await?;
        let made = self.record.source(id).await?;
        Ok(made.ok_or_else(|| Refusal::unknown("source_unknown"))?)
    }

    /// The permit as it stands, for somebody who may run jobs under it.
    pub(crate) async fn may_run(&self, session: &Session, permit: PermitId) -> Result<Standing, Stop> {
        let standing = self.standing(session, permit).await?;
        let loaded = self.record.load(&[standing.case].into()).await?;
        let case = loaded
            .linked
            .get(&standing.case)
            .ok_or_else(|| Refusal::unknown("permit_unknown"))?;
        let profile = self.profiles.get(case.profile)?;
        let right = right_of(&profile, RightTo::RunJobs, case, &session.actor)?;
        let permit = &standing.permit;
        permit
            .runs()
            .map_err(|refusal| refusal.citing(right.basis.clauses()))?;
        Ok(standing)
    }

    /// Whether a session may run jobs under a permit now, for pages that offer it.
    pub async fn may_run_jobs(&self, session: &Session, permit: PermitId) -> bool {
        self.may_run(session, permit).await.is_ok()
    }

    /// Sources of a permit, newest first, for those who may run them.
    ///
    /// # Errors
    /// Everything [`App::standing`] refuses, `role_may_not_act`.
    pub async fn sources_of(&self, session: &Session, permit: PermitId) -> Result<Vec<Source>, Stop> {
        let result = self.sources_inner(session, permit).await;
        self.looked(session, "view", format!("{permit}/sources"), result)
            .await
    }

    async fn sources_inner(&self, session: &Session, permit: PermitId) -> Result<Vec<Source>, Stop> {
        let standing = self.may_run(session, permit).await?;
        let mut found = self.record.sources(Some(standing.case)).await?;
        found.reverse();
        Ok(found)
    }

    /// A source with its text, for those who may run it.
    ///
    /// # Errors
    /// `source_unknown`, and as [`App::sources_of`].
    pub async fn source(&self, session: &Session, id: SourceId) -> Result<(Source, String), Stop> {
        let result = self.own_source(session, id).await;
        let source = self.looked(session, "view", id, result).await?;
        let text = self.source_text(&source).await?;
        Ok((source, text))
    }

    /// A source under a permit of the session's body; for everybody else it is unknown.
    pub(crate) async fn own_source(&self, session: &Session, id: SourceId) -> Result<Source, Stop> {
        self.require_signed_in(session)?;
        let unknown = || Refusal::unknown("source_unknown");
        let source = self.record.source(id).await?.ok_or_else(unknown)?;
        if source.by.body != session.actor.body {
            return Err(unknown().into());
        }
        Ok(source)
    }

    pub(crate) async fn source_text(&self, source: &Source) -> Result<String, Stop> {
        let bytes = self.lake.raw_bytes(source.digest).await?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    pub(crate) fn source_request(
        &self,
        name: &'static str,
        id: SourceId,
        standing: &Standing,
        asked: &impl serde::Serialize,
    ) -> Request {
        Request {
            name,
            stream: Stream::Source(id),
            key: None,
            fingerprint: fingerprint(asked),
            expected_version: None,
            needs: standing.needs.clone(),
            seeks: Vec::new(),
            numbering: None,
            at: self.now(),
        }
    }

    /// Seals bytes in the lake and gives their digest.
    pub(crate) async fn seal_bytes(&self, name: &str, bytes: &[u8]) -> Result<Digest, Stop> {
        let whole = bytes::Bytes::copy_from_slice(bytes);
        let stream: ByteStream = futures::stream::iter([Ok(whole)]).boxed();
        let raw = self.lake.receive(name, stream, bytes.len() as u64).await?;
        Ok(raw.digest)
    }

    /// Digests of everything that sources and requests in the airlock name; none of it is swept from the lake.
    pub(crate) async fn files_of_work(&self) -> Result<BTreeSet<Digest>, Stop> {
        let mut found = BTreeSet::new();
        for source in self.record.sources(None).await? {
            found.insert(source.digest);
            for end in source.runs.values().filter_map(|run| run.ended.as_ref()) {
                found.extend(
                    end.files
                        .iter()
                        .flat_map(|file| [Some(file.digest), file.risk])
                        .flatten(),
                );
            }
        }
        for airlock in self.record.airlocks(AirlockFilter::All).await? {
            let files = airlock.files.values().map(|each| &each.file);
            found.extend(files.flat_map(|file| [Some(file.digest), file.risk]).flatten());
        }
        Ok(found)
    }
}

/// A text that can be a source. One that names a person looks for this person: that is refused.
fn check_text(text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::unmet("source_empty"));
    }
    if text.len() > LONGEST_SOURCE {
        return Err(Refusal::unmet("source_too_long").fact("limit_bytes", LONGEST_SOURCE));
    }
    let finds = scan(text, &[]);
    match finds.iter().next() {
        None => Ok(()),
        Some((kind, lines)) => Err(Refusal::unmet("source_identifies")
            .fact("identifier", kind.name())
            .fact("line", lines.first().copied().unwrap_or_default())),
    }
}

/// The same content under the same permit has the same id.
fn source_id(permit: PermitId, digest: Digest, manifest: &[Declared]) -> SourceId {
    let content = fingerprint(&(permit, digest, manifest));
    let bits = content
        .0
        .iter()
        .take(16)
        .fold(0u128, |bits, byte| (bits << 8) | u128::from(*byte));
    Id::from_bits(bits)
}
