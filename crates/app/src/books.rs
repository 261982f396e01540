//! The release ledgers of identifier domains, as far as this process has read them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use shuyu_kernel::{BodyId, Fault};
use shuyu_privacy::{
    Book, Past,
    permit::{Permit, TableKind},
};

use crate::App;

/// By domain. Rows are only ever appended, so what was read stays true.
#[derive(Default)]
pub(crate) struct Books(Mutex<BTreeMap<String, Arc<Book>>>);

impl Books {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Book>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    /// What was answered so far about the subjects of a permit's tables, for a body that asks.
    pub(crate) async fn past(&self, permit: &Permit, party: BodyId) -> Result<Past, Fault> {
        let domains: BTreeSet<&String> = permit
            .tables
            .values()
            .filter_map(|table| match &table.kind {
                TableKind::Personal { domain, .. } => Some(domain),
                TableKind::NonPersonal | TableKind::Public | TableKind::Own => None,
            })
            .collect();
        let mut books = BTreeMap::new();
        for domain in domains {
            books.insert(domain.clone(), self.book(domain).await?);
        }
        Ok(Past {
            party: party.to_string(),
            books,
        })
    }

    async fn book(&self, domain: &str) -> Result<Arc<Book>, Fault> {
        let mut book = self.books.lock().get(domain).cloned().unwrap_or_default();
        let rows = self.record.release_traces(domain, book.rows()).await?;
        if rows.is_empty() {
            return Ok(book);
        }
        let grown = Arc::make_mut(&mut book);
        rows.iter().try_for_each(|row| grown.read(row))?;
        let mut books = self.books.lock();
        let known = books.entry(domain.to_owned()).or_default();
        if known.rows() < book.rows() {
            *known = Arc::clone(&book);
        }
        Ok(book)
    }
}
