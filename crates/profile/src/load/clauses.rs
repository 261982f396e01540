//! `clauses.csv`: the requirement rows of base and profile.

use std::collections::{BTreeMap, BTreeSet};

use shuyu_kernel::ClauseId;

use super::{ProfileError, Reader};
use crate::{
    raw::RawClause,
    settings::{Clause, Platform},
};

impl Reader<'_> {
    pub(super) fn clauses(&mut self) -> BTreeMap<ClauseId, Clause> {
        let mut rows = BTreeMap::new();
        for source in [self.base, self.own] {
            let Some(text) = source.file("clauses.csv") else {
                continue;
            };
            let file = format!("{}/clauses.csv", source.name);
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let headers = reader.headers().cloned().unwrap_or_default();
            let mut seen = BTreeSet::new();
            for record in reader.records() {
                let at = |position: Option<&csv::Position>| {
                    position
                        .and_then(|position| usize::try_from(position.line()).ok())
                        .unwrap_or(0)
                };
                let (line, row) = match record {
                    Ok(record) => (at(record.position()), clause(&record, &headers)),
                    Err(error) => (at(error.position()), Err(error.to_string())),
                };
                match row {
                    Ok(mut row) if seen.insert(row.id.clone()) => {
                        row.national = source.name == self.base.name;
                        rows.insert(row.id.clone(), row);
                    }
                    Ok(row) => {
                        let message = format!("clause `{}` is defined twice", row.id);
                        self.errors.push(ProfileError {
                            file: file.clone(),
                            line,
                            message,
                        });
                    }
                    Err(message) => self.errors.push(ProfileError {
                        file: file.clone(),
                        line,
                        message,
                    }),
                }
            }
        }
        rows
    }
}

fn clause(record: &csv::StringRecord, headers: &csv::StringRecord) -> Result<Clause, String> {
    let row: RawClause = record
        .deserialize(Some(headers))
        .map_err(|error| error.to_string())?;
    let word = row.platform.split([':', ' ']).next().unwrap_or_default();
    let platform = match word {
        "enforce" => Platform::Enforce,
        "track" => Platform::Track,
        "support" => Platform::Support,
        "none" => Platform::None,
        other => return Err(format!("{}: `{other}` is not a platform value", row.id)),
    };
    Ok(Clause {
        id: row.id,
        article: row.article,
        topic: row.topic,
        text_zh: row.requirement_zh,
        text_en: row.requirement_en,
        detail: row.detail,
        platform,
        national: false,
    })
}
