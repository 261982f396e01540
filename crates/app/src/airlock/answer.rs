//! An answer as a file of a request.

use shuyu_domain::event::{AirlockFile, AirlockOrigin, OutputKind};
use shuyu_kernel::Fault;
use shuyu_privacy::evidence::CsvTable;

use crate::{App, Stop, product::cell_text, workbench::Released};

/// Name of the file that an answer becomes.
const ANSWER_FILE: &str = "answer.csv";

impl App {
    /// Writes an answer down as a table, sealed beside the outputs of jobs.
    pub(crate) async fn answer_file(
        &self,
        released: &Released,
        origin: AirlockOrigin,
    ) -> Result<AirlockFile, Stop> {
        let answer = &released.answer;
        let row = |row: &Vec<_>| row.iter().map(cell_text).collect();
        let table = CsvTable {
            columns: answer.columns.clone(),
            rows: answer.rows.iter().map(row).collect(),
        };
        let bytes = table
            .write()
            .map_err(|error| Fault::new("writing an answer", error))?;
        Ok(AirlockFile {
            name: ANSWER_FILE.to_owned(),
            kind: OutputKind::Table,
            digest: self.seal_bytes(ANSWER_FILE, &bytes).await?,
            size_bytes: bytes.len() as u64,
            origin,
            risk: None,
            high_risk: false,
            reads: Vec::new(),
        })
    }
}
