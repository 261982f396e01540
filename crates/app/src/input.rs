//! From the text of a form or of the API to a command: parsing, papers by digest, personal fields to the vault.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shuyu_domain::{Case, Paper, Value, command::TakeAct, port::VaultItem};
use shuyu_kernel::{CaseId, CivilDate, Digest, Manner, Refusal};
use shuyu_profile::{Field, FieldType, Measure, Procedure};

use crate::{
    App, Session, Stop,
    files::{Upload, UploadKind},
    noting::echo,
};

/// An act as it comes from a form or the API: everything is text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActInput {
    /// Act id.
    pub act: String,
    /// Lane key.
    #[serde(default)]
    pub lane: Option<String>,
    /// Field → text. Dates `YYYY-MM-DD`, amounts `12.34`, papers by digest, cases and bodies by id.
    #[serde(default)]
    pub set: BTreeMap<String, String>,
    /// Columns struck, each as `table.column`.
    #[serde(default)]
    pub strike: Vec<String>,
    /// `in_person` or `on_behalf`.
    #[serde(default = "in_person")]
    pub manner: Manner,
    /// 发生日 of an act entered from a paper.
    #[serde(default)]
    pub happened_on: Option<CivilDate>,
    /// Digest of the paper.
    #[serde(default)]
    pub paper: Option<String>,
}

impl ActInput {
    /// An act in person with nothing but its id.
    pub fn plain(act: String) -> Self {
        Self {
            act,
            lane: None,
            set: BTreeMap::new(),
            strike: Vec::new(),
            manner: in_person(),
            happened_on: None,
            paper: None,
        }
    }
}

fn in_person() -> Manner {
    Manner::InPerson
}

/// Values ready for a command, with what goes to the vault.
pub(crate) struct Parsed {
    pub(crate) set: BTreeMap<String, Value>,
    pub(crate) vault: Vec<VaultItem>,
}

/// What the fields belong to.
pub(crate) struct Target<'a> {
    /// Who hands them in.
    pub(crate) session: &'a Session,
    /// Rules of the case.
    pub(crate) rules: &'a Procedure,
    /// The case.
    pub(crate) case: CaseId,
    /// Its state, unless it is about to be opened.
    pub(crate) state: Option<&'a Case>,
}

impl Target<'_> {
    /// Under which key of the vault a personal field lies: one for each field of a case, so that the person it is
    /// about can be erased and nobody else.
    fn subject(&self, field: &str) -> String {
        format!("{}/{field}", self.case)
    }

    /// A paper that stands in the case already may be named again by whoever reads it there.
    fn cited(&self, digest: Digest) -> Option<Paper> {
        self.state?.fields.values().find_map(|value| match value {
            Value::File(paper) if paper.digest == digest => Some(paper.clone()),
            _ => None,
        })
    }
}

impl App {
    /// Parses the fields; all wrong ones are named in one refusal, so that a person mends them in one go.
    pub(crate) async fn parse_fields(
        &self,
        target: &Target<'_>,
        set: &BTreeMap<String, String>,
    ) -> Result<Parsed, Stop> {
        let (parsed, wrong) = self.parse_each(target, set).await?;
        let titles: Vec<&str> = wrong.iter().map(|(field, _)| field.title.as_str()).collect();
        match wrong.first() {
            None => Ok(parsed),
            Some((_, refusal)) => Err(refusal.clone().fact("field", titles.join("; ")).into()),
        }
    }

    /// Parses the fields; each wrong one with why.
    ///
    /// # Errors
    /// `field_unknown`; faults.
    pub(crate) async fn parse_each<'a>(
        &self,
        target: &Target<'a>,
        set: &BTreeMap<String, String>,
    ) -> Result<(Parsed, Vec<(&'a Field, Refusal)>), Stop> {
        let mut parsed = Parsed {
            set: BTreeMap::new(),
            vault: Vec::new(),
        };
        let mut wrong = Vec::new();
        for (id, text) in set {
            let Some(field) = target.rules.field(id) else {
                return Err(Refusal::unmet("field_unknown").fact("field", echo(id)).into());
            };
            match self.parse_field(target, field, text).await {
                Ok(None) => {}
                Ok(Some(value)) if field.personal => {
                    let (sealed, item) = self.seal_personal(&target.subject(id), id, &value.text());
                    parsed.set.insert(id.clone(), sealed);
                    parsed.vault.push(item);
                }
                Ok(Some(value)) => {
                    parsed.set.insert(id.clone(), value);
                }
                Err(Stop::Refused(refusal)) => wrong.push((field, refusal)),
                Err(fault) => return Err(fault),
            }
        }
        Ok((parsed, wrong))
    }

    async fn parse_field(
        &self,
        target: &Target<'_>,
        field: &Field,
        text: &str,
    ) -> Result<Option<Value>, Stop> {
        if field.ty == FieldType::File && !text.trim().is_empty() {
            let paper = self.paper(target, text.trim()).await.map_err(|stop| match stop {
                Stop::Refused(refusal) => Stop::Refused(refusal.citing(field.basis.clauses())),
                fault @ Stop::Fault(_) => fault,
            })?;
            return Ok(Some(Value::File(paper)));
        }
        let value = Value::parse(field, text)?;
        if let Some(value) = &value {
            self.rows_told(field, value).await?;
        }
        Ok(value)
    }

    async fn paper(&self, target: &Target<'_>, digest: &str) -> Result<Paper, Stop> {
        let cited = digest.parse().ok().and_then(|digest| target.cited(digest));
        match cited {
            Some(paper) => Ok(paper),
            None => self.own_paper(target.session, digest).await,
        }
    }

    /// A paper the session's body uploaded, by its digest. File names are free text and may name a person: what
    /// goes into the ledger is a neutral name with the same ending.
    pub(crate) async fn own_paper(&self, session: &Session, digest: &str) -> Result<Paper, Stop> {
        let unknown = || {
            Refusal::unmet("paper_unknown").fact("digest", echo(digest).chars().take(8).collect::<String>())
        };
        let digest = digest.parse().map_err(|_| unknown())?;
        let upload = self.checked_upload(session, digest, UploadKind::Paper).await?;
        Ok(paper_of(&upload))
    }

    /// Fills in what the platform counts by itself; nobody else's number counts.
    async fn measure(
        &self,
        target: &Target<'_>,
        act: &str,
        set: &mut BTreeMap<String, Value>,
    ) -> Result<(), Stop> {
        let records = target
            .rules
            .act(act)
            .map(|rule| rule.records.as_slice())
            .unwrap_or_default();
        for field in target
            .rules
            .fields
            .iter()
            .filter(|field| field.measured.is_some())
        {
            if set.contains_key(&field.id) {
                return Err(Refusal::unmet("field_is_measured")
                    .citing(field.basis.clauses())
                    .fact("field", &field.title)
                    .into());
            }
            if !records.contains(&field.id) {
                continue;
            }
            let value = match field.measured {
                Some(Measure::RowsArrived) => self.rows_of(target.case).await?,
                None => continue,
            };
            set.insert(
                field.id.clone(),
                Value::Integer(i64::try_from(value).unwrap_or(i64::MAX)),
            );
        }
        Ok(())
    }

    pub(crate) async fn take_act(
        &self,
        target: &Target<'_>,
        input: ActInput,
    ) -> Result<(TakeAct, Vec<VaultItem>), Stop> {
        let mut parsed = self.parse_fields(target, &input.set).await?;
        self.measure(target, &input.act, &mut parsed.set).await?;
        let paper = match &input.paper {
            Some(digest) if !digest.trim().is_empty() => Some(self.paper(target, digest.trim()).await?),
            _ => None,
        };
        let act = TakeAct {
            act: input.act,
            lane: input.lane,
            set: parsed.set,
            strike: input.strike,
            manner: input.manner,
            happened_on: input.happened_on,
            paper,
        };
        Ok((act, parsed.vault))
    }
}

fn paper_of(upload: &Upload) -> Paper {
    Paper {
        digest: upload.digest,
        name: neutral_name(upload.digest, &upload.name),
        size_bytes: upload.size_bytes,
    }
}

/// The first digits of the digest and the ending of the name, if it is a plain one.
pub(crate) fn neutral_name(digest: Digest, name: &str) -> String {
    let ending = name
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_ascii_lowercase());
    let plain = |ending: &String| {
        (1..=5).contains(&ending.len()) && ending.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    match ending.filter(plain) {
        Some(ending) => format!("{}.{ending}", digest.short()),
        None => digest.short(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_never_reaches_the_ledger() {
        let digest = Digest::of(b"x");
        let cases = [
            ("张三身份证.PDF", ".pdf"),
            ("李四.王五", ""),
            ("no ending", ""),
            ("a.b c", ""),
            (".docx", ".docx"),
        ];
        for (name, ending) in cases {
            assert_eq!(
                neutral_name(digest, name),
                format!("{}{ending}", digest.short()),
                "{name}"
            );
        }
    }
}
