//! Values of fields, typed only where something is computed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use shuyu_kernel::{BodyId, CaseId, CivilDate, Digest, Money, PersonId, Refusal, RowScope, Use};
use shuyu_profile::{Field, FieldType};

/// A paper: an uploaded file by the digest of its bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Paper {
    /// SM3 of the bytes.
    pub digest: Digest,
    /// File name as given.
    pub name: String,
    /// Length.
    pub size_bytes: u64,
}

/// One table of a data-use application: columns and the uses asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TableUse {
    /// The catalogue entry (a case) the table belongs to.
    pub resource: CaseId,
    /// Name of the table in the lake.
    pub table: String,
    /// Why this table is needed (least necessary).
    pub reason: String,
    /// Column → uses.
    pub columns: BTreeMap<String, BTreeSet<Use>>,
    /// Which rows; `None` means all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<RowScope>,
}

/// A value of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// One or several lines.
    Text(String),
    /// A date.
    Date(CivilDate),
    /// Money.
    Money(Money),
    /// A whole number.
    Integer(i64),
    /// Yes or no.
    YesNo(bool),
    /// Id of a choice.
    Choice(String),
    /// A paper.
    File(Paper),
    /// A body.
    Body(BodyId),
    /// A person.
    Person(PersonId),
    /// Another case.
    Case(CaseId),
    /// Several other cases.
    Cases(Vec<CaseId>),
    /// Tables and columns with uses.
    Columns(Vec<TableUse>),
    /// Figures of a report.
    Figures(BTreeMap<String, String>),
    /// Personal data: a hiding commitment here, the ciphertext in the person vault.
    Sealed {
        /// Commitment with a random nonce.
        commitment: Digest,
        /// Where the vault keeps it.
        vault: String,
    },
}

impl Value {
    /// Reads the text of a form field. `Case`, `Body` and `Person` take ids; `Cases` several, by spaces;
    /// `Columns` and `Figures` one `key=value` a line (see [`crate::value::columns_from_text`]).
    pub fn parse(field: &Field, text: &str) -> Result<Option<Value>, Refusal> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let wrong = || {
            Refusal::unmet("field_wrong_type")
                .fact("field", &field.title)
                .citing(field.basis.clauses())
        };
        let value = match field.ty {
            FieldType::Text | FieldType::Paragraph => Value::Text(text.to_owned()),
            FieldType::Date => Value::Date(text.parse().map_err(|_| wrong())?),
            FieldType::Money => Value::Money(text.parse().map_err(|_| wrong())?),
            FieldType::Integer => Value::Integer(text.parse().map_err(|_| wrong())?),
            FieldType::YesNo => match text {
                "yes" => Value::YesNo(true),
                "no" => Value::YesNo(false),
                _ => return Err(wrong()),
            },
            FieldType::Choice if field.choices.iter().any(|choice| choice.id == text) => {
                Value::Choice(text.to_owned())
            }
            FieldType::Choice | FieldType::File => return Err(wrong()),
            FieldType::Body => Value::Body(text.parse().map_err(|_| wrong())?),
            FieldType::Person => Value::Person(text.parse().map_err(|_| wrong())?),
            FieldType::Case => Value::Case(text.parse().map_err(|_| wrong())?),
            FieldType::Cases => {
                let ids: Result<Vec<CaseId>, _> = text.split_whitespace().map(str::parse).collect();
                Value::Cases(ids.map_err(|_| wrong())?)
            }
            FieldType::Columns => Value::Columns(columns_from_text(text).ok_or_else(wrong)?),
            FieldType::Figures => Value::Figures(
                text.lines()
                    .map(|line| {
                        line.split_once('=')
                            .map(|(k, v)| (k.trim().to_owned(), v.trim().to_owned()))
                    })
                    .collect::<Option<_>>()
                    .ok_or_else(wrong)?,
            ),
        };
        Ok(Some(value))
    }

    /// Whether this value may stand in a field of that type.
    pub fn fits(&self, field: &Field) -> bool {
        match (self, field.ty) {
            (Value::Text(_), FieldType::Text | FieldType::Paragraph)
            | (Value::Date(_), FieldType::Date)
            | (Value::Money(_), FieldType::Money)
            | (Value::Integer(_), FieldType::Integer)
            | (Value::YesNo(_), FieldType::YesNo)
            | (Value::File(_), FieldType::File)
            | (Value::Body(_), FieldType::Body)
            | (Value::Person(_), FieldType::Person)
            | (Value::Case(_), FieldType::Case)
            | (Value::Cases(_), FieldType::Cases)
            | (Value::Columns(_), FieldType::Columns)
            | (Value::Figures(_), FieldType::Figures) => true,
            (Value::Choice(id), FieldType::Choice) => field.choices.iter().any(|choice| choice.id == *id),
            (Value::Sealed { .. }, _) => field.personal,
            _ => false,
        }
    }

    /// Nothing in it: an empty text, an empty list.
    pub fn is_empty(&self) -> bool {
        match self {
            Value::Text(text) => text.trim().is_empty(),
            Value::Cases(list) => list.is_empty(),
            Value::Columns(list) => list.is_empty(),
            Value::Figures(map) => map.is_empty(),
            _ => false,
        }
    }

    /// The cases this value points at.
    pub fn cases(&self) -> Vec<CaseId> {
        match self {
            Value::Case(id) => vec![*id],
            Value::Cases(ids) => ids.clone(),
            Value::Columns(tables) => tables.iter().map(|table| table.resource).collect(),
            _ => Vec::new(),
        }
    }

    /// Plain text for comparing with a profile's list of values and for showing.
    pub fn text(&self) -> String {
        match self {
            Value::Text(text) | Value::Choice(text) => text.clone(),
            Value::Date(date) => date.to_string(),
            Value::Money(money) => money.to_string(),
            Value::Integer(n) => n.to_string(),
            Value::YesNo(yes) => if *yes { "yes" } else { "no" }.to_owned(),
            Value::File(paper) => paper.name.clone(),
            Value::Body(id) => id.to_string(),
            Value::Person(id) => id.to_string(),
            Value::Case(id) => id.to_string(),
            Value::Cases(ids) => ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            Value::Columns(tables) => columns_to_text(tables),
            Value::Figures(map) => map
                .iter()
                .map(|(k, v)| format!("{k}={v}"))
                .collect::<Vec<_>>()
                .join("\n"),
            Value::Sealed { commitment, .. } => commitment.short(),
        }
    }
}

/// Tables and columns in lines: `case_… table | reason`, then `column: use use` lines, and `@ column: word begin*` where
/// only some of the rows are meant.
pub fn columns_from_text(text: &str) -> Option<Vec<TableUse>> {
    let mut tables: Vec<TableUse> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some((head, reason)) = line.split_once('|') {
            let (resource, table) = head.trim().split_once(char::is_whitespace)?;
            tables.push(TableUse {
                resource: resource.parse().ok()?,
                table: table.trim().to_owned(),
                reason: reason.trim().to_owned(),
                columns: BTreeMap::new(),
                rows: None,
            });
        } else if let Some(rows) = line.strip_prefix('@') {
            let rows = rows.parse().ok()?;
            let table = tables.last_mut()?;
            // Two scopes of one table would be guessed at.
            if table.rows.replace(rows).is_some() {
                return None;
            }
        } else {
            let (column, uses) = line.rsplit_once(':')?;
            let uses: Option<BTreeSet<Use>> = uses.split_whitespace().map(|word| word.parse().ok()).collect();
            tables.last_mut()?.columns.insert(column.trim().to_owned(), uses?);
        }
    }
    Some(tables)
}

fn columns_to_text(tables: &[TableUse]) -> String {
    let mut lines = Vec::new();
    for table in tables {
        lines.push(format!("{} {} | {}", table.resource, table.table, table.reason));
        lines.extend(table.rows.iter().map(|rows| format!("@ {rows}")));
        for (column, uses) in &table.columns {
            let words: Vec<&str> = uses.iter().map(|each| each.name()).collect();
            lines.push(format!("{column}: {}", words.join(" ")));
        }
    }
    lines.join("\n")
}
