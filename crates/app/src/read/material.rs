//! What the form of a procedure chooses from: bodies, people, cases, tables, uploaded papers.

use std::collections::{BTreeMap, BTreeSet};

use shuyu_domain::{
    Registry,
    port::{CaseFilter, CaseRow, DatasetRow},
};
use shuyu_kernel::CaseId;
use shuyu_profile::{Field, FieldType};

use super::lists::CaseQuery;
use crate::{
    App, Session, Stop,
    account::parse,
    files::{Upload, UploadKind},
};

/// At most so many cases stand in a select; the newest come first.
pub const SELECTABLE_CASES: u64 = 100;

/// Choices for the fields of a form.
#[derive(Debug, Clone, Default)]
pub struct Material {
    /// Bodies and people.
    pub registry: Registry,
    /// Cases by procedure (the empty key: of any procedure).
    pub cases: BTreeMap<String, Vec<CaseRow>>,
    /// Latest versions of all datasets.
    pub tables: Vec<DatasetRow>,
    /// Papers the body brought, newest first.
    pub uploads: Vec<Upload>,
}

impl App {
    /// The material for some fields; only what their types need is read.
    pub async fn form_material(&self, session: &Session, fields: &[&Field]) -> Result<Material, Stop> {
        let result = self.form_material_inner(session, fields).await;
        self.looked(session, "view", "form", result).await
    }

    async fn form_material_inner(&self, session: &Session, fields: &[&Field]) -> Result<Material, Stop> {
        self.require_signed_in(session)?;
        let mut material = Material::default();
        let has = |types: &[FieldType]| fields.iter().any(|field| types.contains(&field.ty));
        if has(&[FieldType::Body, FieldType::Person]) {
            material.registry = self.registry().await?;
        }
        if has(&[FieldType::Columns]) {
            material.tables = self.record.datasets(None).await?;
            material.tables.sort_by(|a, b| a.table.cmp(&b.table));
        }
        let procedures: BTreeSet<Option<&String>> = fields
            .iter()
            .filter(|field| matches!(field.ty, FieldType::Case | FieldType::Cases))
            .map(|field| field.procedure.as_ref())
            .collect();
        for procedure in procedures {
            let asked = match procedure {
                Some(id) => vec![id.clone()],
                None => self.profile().procedures.iter().map(|p| p.id.clone()).collect(),
            };
            let query = CaseQuery {
                procedures: asked,
                size: SELECTABLE_CASES,
                ..CaseQuery::default()
            };
            let mut rows = self.case_list_inner(session, &query).await?.rows;
            if let Some(id) = procedure {
                let in_force = self.in_force(id).await?;
                let known: BTreeSet<CaseId> = rows.iter().map(|row| row.id).collect();
                rows.extend(in_force.into_iter().filter(|row| !known.contains(&row.id)));
            }
            material
                .cases
                .insert(procedure.cloned().unwrap_or_default(), rows);
        }
        if has(&[FieldType::File]) {
            material.uploads = self.uploads(session, UploadKind::Paper).await?;
        }
        Ok(material)
    }

    /// Cases of a procedure that are in force, published or cleared (its resting stages), whoever their parties are:
    /// a form that asks for a case of this procedure offers them by number and title, because others rest on them.
    /// There is no way into them for whoever may not see them.
    async fn in_force(&self, procedure: &str) -> Result<Vec<CaseRow>, Stop> {
        let profile = self.profile();
        let rules = profile.procedure(procedure);
        let stages: Vec<String> = rules
            .iter()
            .flat_map(|rules| &rules.stages)
            .filter(|stage| stage.rests)
            .map(|stage| stage.id.clone())
            .collect();
        if stages.is_empty() {
            return Ok(Vec::new());
        }
        let filter = CaseFilter {
            procedures: vec![procedure.to_owned()],
            stages,
            limit: SELECTABLE_CASES,
            ..CaseFilter::default()
        };
        Ok(self.record.cases(&filter).await?.0)
    }

    /// Files of a kind that the session's body uploaded, newest first.
    pub async fn uploads(&self, session: &Session, kind: UploadKind) -> Result<Vec<Upload>, Stop> {
        self.require_signed_in(session)?;
        let documents = self
            .record
            .documents("upload", Some(&session.actor.body.to_string()))
            .await?;
        let uploads: Result<Vec<Upload>, _> = documents.iter().map(parse).collect();
        let mut uploads = uploads?;
        uploads.retain(|upload| upload.kind == kind);
        uploads.sort_by_key(|upload| std::cmp::Reverse(upload.at));
        Ok(uploads)
    }

    /// Those of some cases of which the session's body is a party: catalogue entries it may bring data for.
    pub async fn own_entries(&self, session: &Session, rows: &[CaseRow]) -> Result<Vec<CaseId>, Stop> {
        let ids: BTreeSet<CaseId> = rows.iter().map(|row| row.id).collect();
        let loaded = self.record.load(&ids).await?;
        let own = |id: &CaseId| {
            loaded
                .linked
                .get(id)
                .is_some_and(|case| case.has_party(session.actor.body))
        };
        Ok(rows.iter().map(|row| row.id).filter(own).collect())
    }

    /// The registry, for pages that name bodies.
    pub async fn bodies(&self, session: &Session) -> Result<Registry, Stop> {
        self.require_signed_in(session)?;
        self.registry().await
    }
}
