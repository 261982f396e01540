//! A log as a folder for auditors.

use std::collections::BTreeMap;

use shuyu_kernel::Fault;
use shuyu_ledger::{ExportFile, ExportWriter, VerifyingKey};

use super::{Book, PAGE};
use crate::database::Doing;

/// Where the files of an export go; `cli` supplies the real folder. The other half is
/// [`shuyu_ledger::FolderReader`].
pub trait FolderWriter: Send {
    /// Writes a file of the folder. The name may hold one `/`.
    fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), Fault>;
}

/// A folder in memory, by file name.
impl FolderWriter for BTreeMap<String, Vec<u8>> {
    fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), Fault> {
        self.insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }
}

const DOING: &str = "exporting a log";

impl Book {
    /// Writes everything up to the latest checkpoint. False when nothing was sealed yet: nothing is written.
    pub async fn export(&self, key: &VerifyingKey, to: &mut dyn FolderWriter) -> Result<bool, Fault> {
        let Some(signed) = self.checkpoint().await.doing(DOING)? else {
            return Ok(false);
        };
        let mut writer = ExportWriter::new(self.origin.clone());
        let mut next = 0;
        while next < signed.size {
            // A short transaction for each page: entries up to the checkpoint never change.
            let mut tx = self.database.read().await.doing(DOING)?;
            let page = self
                .entries(&mut tx, next, PAGE.min(signed.size - next))
                .await
                .doing(DOING)?;
            if page.is_empty() {
                break; // `finish` refuses what does not give the signed root
            }
            next += page.len() as u64;
            for entry in &page {
                let file = writer
                    .push(&entry.bytes)
                    .map_err(|error| Fault::new(DOING, error))?;
                put(to, file)?;
            }
        }
        for file in writer
            .finish(&signed.note, key)
            .map_err(|error| Fault::new(DOING, error))?
        {
            put(to, Some(file))?;
        }
        Ok(true)
    }
}

fn put(to: &mut dyn FolderWriter, file: Option<ExportFile>) -> Result<(), Fault> {
    file.map_or(Ok(()), |file| to.write(&file.name, &file.bytes))
}
