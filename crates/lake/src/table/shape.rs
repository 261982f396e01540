//! From records to a table: the header, the type and rules of every cell, keys, units, quality.

use std::borrow::Cow;

use shuyu_kernel::{Fault, Refusal};

use super::{
    Builders, Cell, EncodedFile, FileCutter, OnBadRow, Progress, QualityReport, TableSpec, UnitProof,
    UnitSpec,
    evolve::Standing,
    header::places,
    infer::{fits, infer},
    key::{KeyProof, canonical},
    numbering::Numbers,
    quality::{Gatherer, KEY_INDEX, RowRef, Rule},
    spec::{Codes, ColumnSpec, ColumnType},
    unit::{UnitCounter, unit_of},
};
use crate::{
    error::{LakeError, limited},
    limits::{BATCH_ROWS, MAX_QUARANTINED, MAX_RECORD_BYTES, SAMPLE_ROWS},
    source::{Inspection, Record, RecordSink},
};

/// What is known before the first record: the schema if given, the rules, and what the table already holds.
pub(crate) struct RowSetup {
    pub(crate) spec: Option<TableSpec>,
    pub(crate) unit: Option<UnitSpec>,
    pub(crate) on_bad_row: OnBadRow,
    pub(crate) units: UnitCounter,
    pub(crate) keys: KeyProof,
    /// Key of the table when its schema is inferred.
    pub(crate) row_key: Vec<String>,
    /// Code lists of columns when its schema is inferred.
    pub(crate) codes: Codes,
    /// The columns of the version before, when the schema follows from them and from the file.
    pub(crate) standing: Option<Standing>,
    /// What names the subject is not kept; in its place stands a number.
    pub(crate) numbers_subjects: bool,
}

/// What came out.
pub(crate) struct Shaped {
    pub(crate) spec: TableSpec,
    pub(crate) report: QualityReport,
    /// Keys and units of everything that was shaped or was there before.
    pub(crate) keys: KeyProof,
    pub(crate) units: UnitCounter,
}

/// Takes finished files.
pub(crate) type FileSink<'a> = dyn FnMut(EncodedFile) -> Result<(), LakeError> + 'a;

/// Shapes the records of one or more files with the same header.
pub(crate) struct Shaper<'a> {
    setup: RowSetup,
    progress: &'a dyn Progress,
    files: &'a mut FileSink<'a>,
    file: usize,
    expect_header: bool,
    sampling: Option<(Record, Vec<Record>, usize)>,
    table: Option<Table>,
    gathered: Gatherer,
    numbers: Numbers,
    told: u64,
}

/// The table once its schema is known.
struct Table {
    spec: TableSpec,
    /// Position in the file's records for each column of the table.
    places: Vec<usize>,
    bounds: Vec<[Option<Cell<'static>>; 2]>,
    key: Vec<usize>,
    unit: Vec<usize>,
    builders: Builders,
    cutter: FileCutter,
}

impl<'a> Shaper<'a> {
    pub(crate) fn new(setup: RowSetup, progress: &'a dyn Progress, files: &'a mut FileSink<'a>) -> Self {
        let gathered = Gatherer::default();
        let (sampling, table) = (None, None);
        Self {
            setup,
            progress,
            files,
            file: 0,
            expect_header: true,
            sampling,
            table,
            gathered,
            numbers: Numbers::default(),
            told: 0,
        }
    }

    /// The records of raw file `index` follow; the first one is its header.
    pub(crate) fn begin_file(&mut self, index: usize) {
        self.file = index;
        self.expect_header = true;
    }

    /// The records of one file are over.
    pub(crate) fn end_file(&mut self, inspection: Option<Inspection>) -> Result<(), LakeError> {
        self.gathered.file(self.file, inspection);
        if self.expect_header {
            return Err(Refusal::unmet("file_empty").into());
        }
        self.settle()
    }

    /// What has been found so far.
    pub(crate) fn report(&self) -> QualityReport {
        let Some(table) = &self.table else {
            return QualityReport::default();
        };
        // The smallest and largest number of a column is one unit's own value, and a key's names a row: neither
        // stands in a report.
        let personal = self.setup.unit.is_some();
        let columns: Vec<(String, Option<ColumnType>)> = (table.spec.columns.iter().enumerate())
            .map(|(index, column)| {
                let identifies = personal || table.key.contains(&index);
                (
                    column.name.clone(),
                    if identifies { None } else { Some(column.kind) },
                )
            })
            .collect();
        let unit = self.setup.unit.as_ref().map(|unit| UnitProof {
            domain: unit.domain.clone(),
            columns: unit.columns.clone(),
            units: self.setup.units.units(),
            max_rows_per_unit: self.setup.units.most(),
        });
        self.gathered.report(&columns, &table.spec.key, unit)
    }

    /// Ends the table: last file out, policies judged.
    pub(crate) fn finish(&mut self) -> Result<Shaped, LakeError> {
        self.settle()?;
        self.progress.rows(self.gathered.read - self.told);
        let report = self.report();
        self.judge(&report)?;
        let Some(mut table) = self.table.take() else {
            return Err(Refusal::unmet("no_rows").into());
        };
        flush(&mut table, self.files)?;
        if let Some(file) = table.cutter.finish().map_err(encoding_fault)? {
            (self.files)(file)?;
        }
        Ok(Shaped {
            spec: table.spec,
            report,
            keys: std::mem::take(&mut self.setup.keys),
            units: std::mem::take(&mut self.setup.units),
        })
    }

    fn judge(&self, report: &QualityReport) -> Result<(), Refusal> {
        let bad = report.rows_quarantined;
        let counted = |code: &str| {
            Refusal::unmet(code)
                .fact("bad_rows", bad)
                .fact("rows", report.rows_read)
        };
        match self.setup.on_bad_row {
            OnBadRow::Refuse if bad > 0 => return Err(counted("quality_refused")),
            OnBadRow::Quarantine {
                max_share_basis_points: share,
            } => {
                if u128::from(bad) * 10_000 > u128::from(report.rows_read) * u128::from(share) {
                    return Err(counted("quality_refused").fact("share_basis_points", share));
                }
            }
            OnBadRow::Refuse => {}
        }
        if report.rows_accepted == 0 {
            return Err(Refusal::unmet("no_rows"));
        }
        let promised = self.setup.unit.as_ref().and_then(|unit| unit.at_most);
        match (promised, &report.unit) {
            (Some(promised), Some(proof)) if proof.max_rows_per_unit > promised => {
                let refusal = Refusal::unmet("unit_rows_exceeded").fact("promised", promised);
                Err(refusal.fact("found", proof.max_rows_per_unit))
            }
            _ => Ok(()),
        }
    }

    fn header(&mut self, header: &Record) -> Result<(), LakeError> {
        self.expect_header = false;
        if let Some(table) = &mut self.table {
            table.places = places(header, &table.spec)?;
        } else if let Some(spec) = self.setup.spec.take() {
            self.open_table(spec, header)?;
        } else {
            self.sampling = Some((Record::copy_of(header), Vec::new(), 0));
        }
        Ok(())
    }

    fn open_table(&mut self, spec: TableSpec, header: &Record) -> Result<(), LakeError> {
        spec.check()?;
        let places = places(header, &spec)?;
        let position = |name: &String| {
            spec.position(name)
                .ok_or_else(|| Refusal::unmet("column_unknown").fact("column", name))
        };
        let key = spec.key.iter().map(position).collect::<Result<_, _>>()?;
        let unit_names = self
            .setup
            .unit
            .as_ref()
            .map(|unit| unit.columns.as_slice())
            .unwrap_or_default();
        let unit = unit_names.iter().map(position).collect::<Result<_, _>>()?;
        let bounds = spec
            .columns
            .iter()
            .map(|column| [bound(&column.min, column), bound(&column.max, column)]);
        let bounds = bounds.collect();
        let builders = Builders::new(&spec, self.setup.unit.is_some());
        let cutter = FileCutter::new(builders.schema());
        self.table = Some(Table {
            spec,
            places,
            bounds,
            key,
            unit,
            builders,
            cutter,
        });
        Ok(())
    }

    /// Infers the schema of a sampled table, or what becomes of the one before, and shapes the sample.
    fn settle(&mut self) -> Result<(), LakeError> {
        let Some((header, sample, _)) = self.sampling.take() else {
            return Ok(());
        };
        let mut spec = infer(&header, &sample)?;
        let row_key = std::mem::take(&mut self.setup.row_key);
        if let Some(standing) = &self.setup.standing {
            let (evolved, changes) = standing.evolve(&spec, |index, kind| fits(&sample, index, kind))?;
            (spec, self.gathered.changes) = (evolved, changes);
        }
        if !row_key.is_empty() {
            spec.key = row_key;
        }
        spec.allow(std::mem::take(&mut self.setup.codes))?;
        self.open_table(spec, &header)?;
        sample.iter().try_for_each(|record| self.row(record))
    }

    fn row(&mut self, record: &Record) -> Result<(), LakeError> {
        let Some(table) = &mut self.table else {
            return Ok(());
        };
        self.gathered.read += 1;
        let at = RowRef {
            file: self.file,
            record: record.number,
            line: record.line,
        };
        let mut good = true;
        let mut cells = Vec::with_capacity(table.spec.columns.len());
        for (index, column) in table.spec.columns.iter().enumerate() {
            let text = table.places.get(index).map_or("", |place| record.cell(*place));
            let bounds = table.bounds.get(index).unwrap_or(&[None, None]);
            let cell = judged(text, column, bounds).unwrap_or_else(|rule| {
                self.gathered.found(index, rule, at);
                good = false;
                Cell::Null
            });
            for (identity, rule) in [
                (&table.key, Rule::RequiredMissing),
                (&table.unit, Rule::UnitMissing),
            ] {
                if cell == Cell::Null && identity.contains(&index) {
                    self.gathered.found(index, rule, at);
                    good = false;
                }
            }
            cells.push(cell);
        }
        if good
            && !table.key.is_empty()
            && !self
                .setup
                .keys
                .is_new(&canonical(&cells, &table.key, &table.spec))?
        {
            self.gathered.found(KEY_INDEX, Rule::DuplicateKey, at);
            good = false;
        }
        if !good {
            self.gathered.leave_out(at);
            if self.gathered.bad > MAX_QUARANTINED {
                return Err(limited("too_many_bad_rows").fact("limit", MAX_QUARANTINED).into());
            }
        } else {
            let unit = self
                .setup
                .unit
                .as_ref()
                .map(|unit| unit_of(&unit.key, &canonical(&cells, &table.unit, &table.spec)));
            unit.map_or(Ok(()), |unit| self.setup.units.count(unit))?;
            if let (Some(unit), true) = (unit, self.setup.numbers_subjects) {
                self.numbers.put(unit, &mut cells, (&table.spec, &table.unit));
            }
            self.gathered.accept(&cells);
            // A table that will be refused anyway is read on for its report only.
            if self.setup.on_bad_row != OnBadRow::Refuse || self.gathered.bad == 0 {
                table.builders.append(&cells, unit);
                if table.builders.full() {
                    flush(table, self.files)?;
                }
            }
        }
        if self.gathered.read - self.told >= BATCH_ROWS as u64 {
            self.progress.rows(self.gathered.read - self.told);
            self.told = self.gathered.read;
        }
        Ok(())
    }
}

impl RecordSink for Shaper<'_> {
    fn record(&mut self, record: &Record) -> Result<(), LakeError> {
        if self.expect_header {
            return self.header(record);
        }
        let Some((_, sample, bytes)) = &mut self.sampling else {
            return self.row(record);
        };
        *bytes += record.text_bytes() + record.len() * size_of::<usize>();
        sample.push(Record::copy_of(record));
        if sample.len() >= SAMPLE_ROWS || *bytes >= MAX_RECORD_BYTES {
            self.settle()
        } else {
            Ok(())
        }
    }
}

/// The value of a cell, or the rule it breaks.
fn judged<'r>(
    text: &'r str,
    column: &ColumnSpec,
    [min, max]: &[Option<Cell<'static>>; 2],
) -> Result<Cell<'r>, Rule> {
    if column.nulls.contains(text) || (column.kind != ColumnType::Text && column.nulls.contains(text.trim()))
    {
        return if column.required {
            Err(Rule::RequiredMissing)
        } else {
            Ok(Cell::Null)
        };
    }
    let cell = Cell::parse(text, column.kind).ok_or(Rule::TypeMismatch)?;
    let below = min.as_ref().is_some_and(|min| cell.less_than(min));
    if below || max.as_ref().is_some_and(|max| max.less_than(&cell)) {
        return Err(Rule::OutOfRange);
    }
    if !column.allowed.is_empty() && !column.allowed.contains(text.trim()) {
        return Err(Rule::NotInCodeList);
    }
    Ok(cell)
}

fn bound(text: &Option<String>, column: &ColumnSpec) -> Option<Cell<'static>> {
    match Cell::number(text.as_deref()?, column.kind)? {
        Cell::Text(text) => Some(Cell::Text(Cow::Owned(text.into_owned()))),
        Cell::Integer(number) => Some(Cell::Integer(number)),
        Cell::Decimal(number) => Some(Cell::Decimal(number)),
        Cell::Float(number) => Some(Cell::Float(number)),
        Cell::Null | Cell::Date(_) | Cell::Bool(_) => None,
    }
}

fn flush(table: &mut Table, files: &mut FileSink<'_>) -> Result<(), LakeError> {
    if table.builders.rows() == 0 {
        return Ok(());
    }
    let wide = table.builders.wide();
    let batch = table
        .builders
        .finish()
        .map_err(|error| Fault::new("building columns", error))?;
    match table.cutter.write(&batch, wide).map_err(encoding_fault)? {
        Some(file) => files(file),
        None => Ok(()),
    }
}

fn encoding_fault(error: parquet::errors::ParquetError) -> Fault {
    Fault::new("encoding a data file", error)
}
