//! The lake behind [`OwnLists`]: a file of a list is looked through in memory, then made a table without identifiers.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use async_trait::async_trait;
use shuyu_app::port::{
    Cancel, DataError, DataLake as _, Ingested, OwnFind, OwnLabel, OwnLists, OwnOrder, OwnSurvey,
};
use shuyu_kernel::{DatasetId, Digest, Fault, Refusal, RefusalKind};
use shuyu_lake::{
    ColumnSpec, ColumnType, CsvOptions, DataZone, FormatHint, IngestKey, IngestMode, IngestSpec, LakeError,
    NoProgress, OnBadRow, SchemaOrder, TableSpec, UnitSpec,
    source::{Record, read_rows},
};
use shuyu_privacy::scan::scan;

use super::{
    erasing::never_refused,
    lake::{LakeAdapter, data_error, made, refused_ingest, told},
};

#[async_trait]
impl OwnLists for LakeAdapter {
    async fn survey_own(&self, raw: Digest, subject: &str, most_rows: u64) -> Result<OwnSurvey, DataError> {
        let bytes = self.raw_bytes(raw).await?;
        let subject = subject.to_owned();
        let work = move || survey(&bytes, &subject, most_rows);
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| Fault::new("looking through a list", error))?
            .map_err(data_error)
    }

    async fn ingest_own(&self, order: &OwnOrder) -> Result<Ingested, DataError> {
        // Words of people, whatever they look like: a label is compared as it is written.
        let column = |(name, title): &(String, String)| ColumnSpec {
            header: (name != title).then(|| title.clone()),
            ..ColumnSpec::new(name, ColumnType::Text)
        };
        let subject = order.columns.iter().find(|(_, title)| *title == order.subject);
        let unit = UnitSpec {
            columns: subject.map(|(name, _)| name.clone()).into_iter().collect(),
            domain: order.domain.clone(),
            key: self.domain_key(&order.domain),
            at_most: None,
        };
        let spec = IngestSpec {
            dataset: order.dataset,
            table: order.table.clone(),
            zone: DataZone::Workbench,
            sources: vec![order.raw],
            format: FormatHint::Csv(CsvOptions::default()),
            schema: Some(TableSpec {
                columns: order.columns.iter().map(column).collect(),
                key: Vec::new(),
            }),
            changes: SchemaOrder::default(),
            unit: Some(unit),
            row_key: Vec::new(),
            codes: Default::default(),
            on_bad_row: OnBadRow::Refuse,
            mode: IngestMode::Replace,
            key: IngestKey(order.dataset.to_string()),
            now: self.clock.now(),
        };
        let (progress, cancel) = (Arc::new(NoProgress), Cancel::default());
        let report = self.lake.ingest(spec, progress, cancel.token()).await;
        let report = report.map_err(refused_ingest)?;
        let quality = told(&report.quality).map_err(|e| Fault::new("encoding a quality report", e))?;
        Ok(made(report.version, (quality, None), None))
    }

    async fn own_raw(&self) -> Result<BTreeSet<Digest>, Fault> {
        let found = self.lake.workbench_raw().await;
        found.map_err(never_refused("looking for files of lists"))
    }

    async fn forget_raw(&self, raw: Digest, kept: &BTreeSet<Digest>) -> Result<(), Fault> {
        let done = self.lake.forget_raw(raw, kept).await;
        done.map_err(never_refused("destroying a raw file"))
    }

    async fn destroy_own(&self, dataset: DatasetId) -> Result<u64, Fault> {
        let done = self.lake.destroy(dataset).await;
        done.map_err(never_refused("destroying an own list"))
    }
}

/// What is gathered while a file is read.
#[derive(Default)]
struct Gathering {
    found: OwnSurvey,
    subject: Option<usize>,
    /// Subject → its number.
    subjects: HashMap<String, u32>,
    /// For each column its values with the subjects that have them.
    labels: Vec<HashMap<String, HashSet<u32>>>,
}

fn survey(bytes: &[u8], subject: &str, most_rows: u64) -> Result<OwnSurvey, LakeError> {
    // Only delimited text is a list, and only as long as it is: the reader would take a workbook, JSON lines and what is
    // packed as well.
    let other = [b"PK\x03\x04".as_slice(), b"\x1f\x8b"];
    if other.iter().any(|magic| bytes.starts_with(magic)) || first_letter(bytes) == Some(b'{') {
        return Err(Refusal::unmet("format_not_supported").into());
    }
    let mut gathering = Gathering::default();
    read_rows(bytes, &mut |record: &Record| {
        if gathering.found.titles.is_empty() {
            gathering.header(record, subject);
            return Ok(());
        }
        if gathering.found.rows >= most_rows {
            let refusal = Refusal::new(RefusalKind::Limited, "own_rows_too_many");
            return Err(refusal.fact("limit", most_rows).into());
        }
        gathering.row(record);
        Ok(())
    })?;
    Ok(gathering.finish())
}

/// The first byte that is no blank and no mark of the encoding.
fn first_letter(bytes: &[u8]) -> Option<u8> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    text.iter().copied().find(|byte| !byte.is_ascii_whitespace())
}

impl Gathering {
    fn header(&mut self, record: &Record, subject: &str) {
        self.found.titles = record.cells().map(str::to_owned).collect();
        self.subject = self.found.titles.iter().position(|title| title == subject);
        self.labels.resize_with(record.len(), HashMap::new);
    }

    fn row(&mut self, record: &Record) {
        self.found.rows += 1;
        // As the lake compares subjects: trimmed, letters as capitals.
        let who = self.subject.map_or("", |index| record.cell(index)).trim();
        let next = u32::try_from(self.subjects.len()).unwrap_or(u32::MAX);
        let named = !who.is_empty();
        let who = named.then(|| *self.subjects.entry(who.to_ascii_uppercase()).or_insert(next));
        for (index, values) in self.labels.iter_mut().enumerate() {
            if Some(index) == self.subject {
                continue;
            }
            let value = record.cell(index);
            if !values.contains_key(value)
                && self.found.found.is_none()
                && let Some(kind) = scan(value, &[]).into_keys().next()
            {
                self.found.found = Some(OwnFind {
                    position: index + 1,
                    line: record.line,
                    kind,
                });
            }
            values.entry(value.to_owned()).or_default().extend(who);
        }
    }

    fn finish(mut self) -> OwnSurvey {
        self.found.subjects = self.subjects.len() as u64;
        let columns = self.found.titles.iter().zip(&self.labels).enumerate();
        let labels = columns.filter(|(index, _)| Some(*index) != self.subject);
        let label = |(_, (title, values)): (usize, (&String, &HashMap<String, HashSet<u32>>))| {
            let fewest = values.values().map(HashSet::len).min().unwrap_or(0);
            let label = OwnLabel {
                values: values.len() as u64,
                fewest: fewest as u64,
            };
            (title.clone(), label)
        };
        let labels: BTreeMap<String, OwnLabel> = labels.map(label).collect();
        self.found.labels = labels;
        self.found
    }
}

#[cfg(test)]
mod tests {
    use shuyu_privacy::scan::Identifier;

    use super::*;

    fn look(text: &str) -> OwnSurvey {
        survey(text.as_bytes(), "id", 100).unwrap()
    }

    #[test]
    fn subjects_are_counted_as_the_lake_compares_them() {
        let found = look("id,tag\n 11010119900101123x,a\n11010119900101123X,b\nc,b\n");
        assert_eq!((found.rows, found.subjects), (3, 2));
        assert_eq!(found.labels["tag"], OwnLabel { values: 2, fewest: 1 });
        // Repeating a name makes a value no more usual.
        let found = look("id,tag\nc,a\nc,a\nd,b\ne,b\n");
        assert_eq!(found.labels["tag"], OwnLabel { values: 2, fewest: 1 });
    }

    #[test]
    fn an_identifier_in_a_label_is_told_by_place_and_kind() {
        let found = look("id,a,note\nx,1,ok\ny,1,电话 138 0000 0000\n").found;
        let expected = OwnFind {
            position: 3,
            line: 3,
            kind: Identifier::Phone,
        };
        assert_eq!(found, Some(expected));
        assert_eq!(
            look("id,a\n13800000000,1\n").found,
            None,
            "the subject itself is none"
        );
    }

    #[test]
    fn only_delimited_text_is_a_list_and_it_is_bounded() {
        let code = |bytes: &[u8]| match survey(bytes, "id", 2) {
            Err(LakeError::Refused(refusal)) => refusal.code,
            other => panic!("{other:?}"),
        };
        assert_eq!(code(b"PK\x03\x04rest"), "format_not_supported");
        assert_eq!(code(b"\x1f\x8bpacked"), "format_not_supported");
        assert_eq!(code(b"\xef\xbb\xbf {\"id\":1}"), "format_not_supported");
        assert_eq!(code(b"id,tag\na,1\nb,1\nc,1\n"), "own_rows_too_many");
        let (text, _, _) = encoding_rs::GB18030.encode("id,地区\na,城南\n");
        let found = survey(&text, "id", 2).unwrap();
        assert_eq!(found.titles, ["id", "地区"]);
    }
}
