//! The access log: who looked at, asked or took what.

use shuyu_domain::port::AccessNote;

use crate::{
    codec,
    database::DbError,
    log::{Book, NewEntry},
};

/// Longest subject of a note in bytes; longer ones are cut. Subjects are ids; nothing else may make the log grow.
const LONGEST_SUBJECT: usize = 200;
/// Longest word of a note (what, outcome, code) in bytes.
const LONGEST_WORD: usize = 80;

/// The note as it may stand in a log that is never shortened.
fn bounded(note: &AccessNote) -> AccessNote {
    let cut = |text: &str, most: usize| {
        let mut end = text.len().min(most);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.get(..end).unwrap_or_default().to_owned()
    };
    AccessNote {
        what: cut(&note.what, LONGEST_WORD),
        subject: cut(&note.subject, LONGEST_SUBJECT),
        outcome: cut(&note.outcome, LONGEST_WORD),
        code: note.code.as_deref().map(|code| cut(code, LONGEST_WORD)),
        ..note.clone()
    }
}

/// Appends the notes in one transaction; on disk when it returns.
pub(crate) async fn note(book: &Book, notes: &[AccessNote]) -> Result<(), DbError> {
    if notes.is_empty() {
        return Ok(());
    }
    let mut tx = book.database.write().await?;
    let from = book.lock(&mut tx).await?;
    let mut head = from;
    for note in notes {
        let entry = NewEntry {
            kind: codec::NOTE_KIND,
            stream: codec::NOTE_STREAM,
            version: head.size + 1,
            at: note.at,
            payload: codec::encode_note(&bounded(note))?,
        };
        book.append(&mut tx, &mut head, entry).await?;
    }
    book.move_head(&mut tx, from, head).await?;
    tx.commit().await
}
