//! Looking at a workbook: each row is parsed as the form parses it and decided as an opening would be; nothing is
//! written.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use shuyu_domain::{
    Case, Command, Context, Value,
    command::TakeAct,
    decide::decide,
    port::{CaseFilter, Loaded},
};
use shuyu_kernel::{CaseId, Fault, Id, Refusal};
use shuyu_office::{Book, Cell};
use shuyu_profile::{Field, FieldType, Procedure, Profile};

use super::{
    BOUNDS, BatchCheck, BatchOrder, CheckedRow, RowFault, RowState, Shape, batch_rules,
    cell::{Names, text_of},
    form::{Found, find},
    run::open_key,
};
use crate::{
    App, Session, Stop,
    dispatch::{Guarded, case_of},
    files::{Upload, UploadKind},
    input::{Parsed, Target},
};

/// Cases looked through for one number: numbers that contain it come with it.
const NUMBERS_ALIKE: u64 = 200;

/// What rows are judged by.
struct Judge<'a> {
    session: &'a Session,
    profile: &'a Arc<Profile>,
    rules: &'a Procedure,
    order: &'a BatchOrder,
}

/// A row on its way.
struct Row {
    checked: CheckedRow,
    parsed: Parsed,
    faults: Vec<RowFault>,
}

impl App {
    /// Looks at a workbook. Nothing is written but the note that somebody looked.
    ///
    /// # Errors
    /// As [`App::batch_form`]; `paper_unknown`; `workbook_damaged`, `workbook_too_large` and what makes the workbook
    /// no form of this procedure. What is wrong with single rows is no error.
    pub async fn check_batch(&self, session: &Session, order: &BatchOrder) -> Result<BatchCheck, Stop> {
        let result = self.check_batch_inner(session, order).await;
        let subject = format!("batch/{}", self.known_procedure(&order.procedure));
        self.looked(session, "view", subject, result).await
    }

    pub(super) async fn check_batch_inner(
        &self,
        session: &Session,
        order: &BatchOrder,
    ) -> Result<BatchCheck, Stop> {
        let form = self.batch_form(session, &order.procedure)?;
        let profile = self.profile();
        let judge = Judge {
            session,
            profile: &profile,
            rules: batch_rules(&profile, session, &order.procedure)?,
            order,
        };
        let (upload, book) = self.batch_book(session, order).await?;
        let found = find(&book, &form.columns)?;
        let names = self.names(&judge, &found).await?;
        let mut rows = Vec::new();
        for (number, cells) in &found.rows {
            rows.push(self.read_row(&judge, &found, (*number, cells), &names).await?);
        }
        self.seen_before(&judge, &mut rows).await?;
        self.decide_rows(&judge, &mut rows).await?;
        let done = self.batch_done(session, order).await?;
        Ok(BatchCheck {
            name: upload.name,
            sheet: found.sheet.name.clone(),
            rows: rows.into_iter().map(settled).collect(),
            done,
        })
    }

    async fn batch_book(&self, session: &Session, order: &BatchOrder) -> Result<(Upload, Book), Stop> {
        let upload = self
            .checked_upload(session, order.upload, UploadKind::Paper)
            .await?;
        if upload.size_bytes > BOUNDS.packed_bytes {
            return Err(Refusal::unmet("file_too_large")
                .fact("limit_bytes", BOUNDS.packed_bytes)
                .into());
        }
        let bytes = self.lake.raw_bytes(order.upload).await?;
        // Unpacking takes a core for a while; others are served meanwhile.
        let book = tokio::task::spawn_blocking(move || shuyu_office::read(&bytes, &BOUNDS)).await;
        let book = book.map_err(|error| Fault::new("reading a workbook", error))?;
        Ok((upload, book?))
    }

    /// Bodies by name, and the cases whose numbers stand in the workbook, as far as the session may see them.
    async fn names(&self, judge: &Judge<'_>, found: &Found<'_>) -> Result<Names, Stop> {
        let mut names = Names::default();
        let fields = || found.columns.values().copied().flatten();
        if fields().any(|field| field.ty == FieldType::Body) {
            for (id, body) in &self.registry().await?.bodies {
                names.bodies.entry(body.name.clone()).or_default().push(*id);
            }
        }
        let mut wanted: BTreeSet<(String, String)> = BTreeSet::new();
        for (column, field) in &found.columns {
            let Some(field) = field.filter(|field| field.ty == FieldType::Case) else {
                continue;
            };
            let procedure = field.procedure.clone().unwrap_or_default();
            let cells = found.rows.iter().filter_map(|(_, cells)| cells.get(column));
            wanted.extend(cells.map(|cell| (procedure.clone(), cell.value.text().trim().to_owned())));
        }
        for (procedure, number) in wanted {
            let open_to_all = self.oversees(judge.session)
                || judge
                    .profile
                    .procedure(&procedure)
                    .is_some_and(|procedure| self.is_public(procedure));
            let filter = CaseFilter {
                procedures: vec![procedure.clone()],
                body: (!open_to_all).then_some(judge.session.actor.body),
                text: Some(number.clone()),
                limit: NUMBERS_ALIKE,
                ..CaseFilter::default()
            };
            let (rows, _) = self.record.cases(&filter).await?;
            if let Some(row) = rows.iter().find(|row| row.number == number) {
                names.cases.insert((procedure, number), row.id);
            }
        }
        Ok(names)
    }

    /// Reads the cells of a row as the form would.
    async fn read_row(
        &self,
        judge: &Judge<'_>,
        found: &Found<'_>,
        (number, cells): (u32, &BTreeMap<u32, Cell>),
        names: &Names,
    ) -> Result<Row, Stop> {
        let mut checked = CheckedRow {
            row: number,
            typed: BTreeMap::new(),
            set: BTreeMap::new(),
            state: RowState::Right,
        };
        let mut faults = Vec::new();
        let at = |column: u32, field: Option<&Field>, refusal: Refusal| RowFault {
            row: number,
            column: Some(column),
            field: field.map(|field| field.id.clone()),
            shape: Shape::of(cells.get(&column)),
            refusal,
        };
        for (column, cell) in cells {
            let Some(field) = found.columns.get(column) else {
                faults.push(at(*column, None, Refusal::unmet("cell_outside_columns")));
                continue;
            };
            let Some(field) = field else { continue };
            checked.typed.insert(field.id.clone(), cell.value.text());
            let text = match found.merged(number, *column) {
                Some(_) => Err("cell_is_merged"),
                None => text_of(field, cell, names),
            };
            match text {
                Ok(text) => drop(checked.set.insert(field.id.clone(), text)),
                Err(code) => faults.push(at(*column, Some(field), about(code, field))),
            }
        }
        let target = Target {
            session: judge.session,
            rules: judge.rules,
            case: CaseId::from_bits(0),
            state: None,
        };
        let (parsed, wrong) = self.parse_each(&target, &checked.set).await?;
        for (field, refusal) in wrong {
            let mut columns = found.columns.iter();
            let column = columns.find(|(_, other)| other.is_some_and(|other| other.id == field.id));
            faults.push(at(column.map_or(0, |(column, _)| *column), Some(field), refusal));
        }
        Ok(Row {
            checked,
            parsed,
            faults,
        })
    }

    /// Rows that were opened: by an earlier order of this file, or with the same content from another one; and rows
    /// that stand twice.
    async fn seen_before(&self, judge: &Judge<'_>, rows: &mut [Row]) -> Result<(), Stop> {
        let before = self.opened_marks(judge.session, judge.order).await?;
        let mut marks = BTreeMap::new();
        let guarded = Guarded {
            by_body: true,
            ..Guarded::default()
        };
        let scope = guarded.scope(judge.session);
        for row in rows {
            let key = open_key(judge.order, row.checked.row);
            let earlier = self.record.earlier(&scope, &key).await?;
            if let Some(case) = earlier.as_ref().and_then(case_of) {
                row.checked.state = RowState::Opened(case);
                row.faults.clear();
            }
            let mark = row.checked.mark();
            let twice = marks.insert(mark, row.checked.row);
            if earlier.is_some() {
                continue;
            }
            if let Some(first) = twice {
                row.fault(Refusal::unmet("row_twice").fact("row", first));
            } else if let Some(number) = before.get(&mark) {
                row.fault(Refusal::conflict("row_opened_before").fact("number", number));
            }
        }
        Ok(())
    }

    /// Decides what is right so far as an opening would be decided.
    async fn decide_rows(&self, judge: &Judge<'_>, rows: &mut [Row]) -> Result<(), Stop> {
        let open = |row: &&mut Row| row.faults.is_empty() && row.checked.state == RowState::Right;
        let linked = rows.iter().flat_map(|row| row.parsed.set.values());
        let linked: BTreeSet<CaseId> = linked.flat_map(Value::cases).collect();
        let loaded = self.record.load_seeking(&linked, &judge.rules.queries()).await?;
        for row in rows.iter_mut().filter(open) {
            let own = self
                .content_is_own(
                    judge.profile,
                    judge.rules,
                    judge.session.actor.body,
                    None,
                    &row.parsed.set,
                )
                .await;
            let refused = match own {
                Ok(()) => self.would_refuse(judge, &loaded, &row.parsed),
                Err(Stop::Refused(refusal)) => Some(refusal),
                Err(fault) => return Err(fault),
            };
            if let Some(refusal) = refused {
                row.fault(refusal);
            }
        }
        Ok(())
    }

    fn would_refuse(&self, judge: &Judge<'_>, loaded: &Loaded, parsed: &Parsed) -> Option<Refusal> {
        let ctx = Context {
            profile: judge.profile,
            actor: &judge.session.actor,
            today: self.today(),
            registry: &loaded.registry,
            linked: &loaded.linked,
            new_case: Id::from_bits(0),
            next_number: 1,
        };
        let opening = Command::Open {
            procedure: judge.rules.id.clone(),
            set: parsed.set.clone(),
        };
        let events = match decide(None, &opening, &ctx) {
            Ok(events) => events,
            Err(refusal) => return Some(refusal),
        };
        let then = judge.rules.open.batch.as_ref()?.then.as_ref()?;
        if !judge.order.then {
            return None;
        }
        let case = Case::replay(&events)?;
        let act = Command::Act(TakeAct::plain(then));
        decide(Some(&case), &act, &ctx).err()
    }
}

impl Row {
    fn fault(&mut self, refusal: Refusal) {
        self.faults.push(RowFault {
            row: self.checked.row,
            column: None,
            field: None,
            shape: Shape::Empty,
            refusal,
        });
    }
}

/// The row with its faults in their place.
fn settled(row: Row) -> CheckedRow {
    let Row {
        mut checked,
        mut faults,
        ..
    } = row;
    if !faults.is_empty() {
        faults.sort_by_key(|fault| (fault.column.is_none(), fault.column));
        checked.state = RowState::Wrong(faults);
    }
    checked
}

/// A refusal about what stands in the cell of a field.
fn about(code: &str, field: &Field) -> Refusal {
    Refusal::unmet(code)
        .citing(field.basis.clauses())
        .fact("field", &field.title)
}
