//! The access log: who looked at, asked or took what.

use shuyu_domain::port::AccessNote;

use crate::{
    codec,
    database::DbError,
    log::{Book, NewEntry},
};

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
            payload: codec::encode_note(note)?,
        };
        book.append(&mut tx, &mut head, entry).await?;
    }
    book.move_head(&mut tx, from, head).await?;
    tx.commit().await
}
