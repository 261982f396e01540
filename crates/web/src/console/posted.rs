//! What a browser sends: a plain form, or one with papers. The token is checked before any paper is taken in.

use axum::{
    body::Bytes,
    extract::{FromRequest, Multipart, RawForm, Request, multipart::Field},
    http::header,
};
use futures::StreamExt;
use shuyu_app::{
    files::{Upload, UploadKind},
    port::ByteStream,
};
use shuyu_kernel::Refusal;

use crate::page::{ConsoleError, Visit};

/// Fields of a form in the order sent; papers are taken in and stand as their digest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Posted {
    /// Name and value.
    pub values: Vec<(String, String)>,
    /// The token came, and is right.
    pub checked: bool,
}

impl Posted {
    /// Reads a form and checks its token. Papers go through [`shuyu_app::App::upload`].
    ///
    /// # Errors
    /// `csrf_wrong`, `form_malformed`, and what the upload refuses.
    pub async fn read(visit: &Visit, request: Request) -> Result<Self, ConsoleError> {
        Self::read_as(visit, request, UploadKind::Paper).await
    }

    /// The same, with what its files are brought for.
    ///
    /// # Errors
    /// As [`Posted::read`].
    pub async fn read_as(visit: &Visit, request: Request, files: UploadKind) -> Result<Self, ConsoleError> {
        let kind = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        if kind.starts_with("multipart/form-data") {
            return Self::read_multipart(visit, request, files).await;
        }
        let RawForm(bytes) = RawForm::from_request(request, &())
            .await
            .map_err(|_| malformed())?;
        let mut posted = Self {
            values: parse_form(&bytes),
            checked: false,
        };
        visit.checked(posted.one("csrf"))?;
        posted.checked = true;
        Ok(posted)
    }

    async fn read_multipart(
        visit: &Visit,
        request: Request,
        files: UploadKind,
    ) -> Result<Self, ConsoleError> {
        let mut multipart = Multipart::from_request(request, &())
            .await
            .map_err(|_| malformed())?;
        let mut posted = Self::default();
        while let Some(field) = multipart.next_field().await.map_err(|_| malformed())? {
            let name = field.name().unwrap_or_default().to_owned();
            let Some(file) = field.file_name().map(str::to_owned) else {
                posted.keep(visit, name, field).await?;
                continue;
            };
            posted.is_ours(visit)?;
            if !file.is_empty() {
                let upload = take_in(visit, &file, files, field).await?;
                posted.values.push((name, upload.digest.to_string()));
            }
        }
        posted.is_ours(visit)?;
        Ok(posted)
    }

    /// Keeps a field that is no file; a token is looked at as it comes.
    pub(crate) async fn keep(
        &mut self,
        visit: &Visit,
        name: String,
        field: Field<'_>,
    ) -> Result<(), ConsoleError> {
        let text = field.text().await.map_err(|_| malformed())?;
        if name == "csrf" {
            visit.checked(&text)?;
            self.checked = true;
        }
        self.values.push((name, text));
        Ok(())
    }

    /// The token came. It stands first in our forms; a file before it is not from our page.
    pub(crate) fn is_ours(&self, visit: &Visit) -> Result<(), ConsoleError> {
        match self.checked {
            true => Ok(()),
            false => visit.checked(""),
        }
    }

    /// The first value of a name, or an empty text.
    pub fn one(&self, name: &str) -> &str {
        self.values
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value.as_str())
    }

    /// All values of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.values
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The value, or `None` if it is empty.
    pub fn filled(&self, name: &str) -> Option<String> {
        Some(self.one(name).trim().to_owned()).filter(|text| !text.is_empty())
    }
}

pub(super) fn malformed() -> Refusal {
    Refusal::unmet("form_malformed")
}

/// Streams a file into the lake while it arrives: it is never held in memory as a whole.
async fn take_in(
    visit: &Visit,
    name: &str,
    kind: UploadKind,
    field: Field<'_>,
) -> Result<Upload, ConsoleError> {
    let (bytes, pump) = piped(field);
    let (upload, ()) = tokio::join!(visit.app().upload(&visit.session, name, kind, bytes), pump);
    Ok(upload?)
}

/// A file as a stream, and the work that fills it; both go on together.
pub(super) fn piped(mut field: Field<'_>) -> (ByteStream, impl Future<Output = ()>) {
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Bytes, std::io::Error>>(4);
    let bytes: ByteStream = futures::stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|chunk| (chunk, receiver))
    })
    .boxed();
    let pump = async move {
        loop {
            let chunk = match field.chunk().await {
                Ok(Some(chunk)) => Ok(chunk),
                Ok(None) => return,
                Err(error) => Err(std::io::Error::other(error.to_string())),
            };
            let broken = chunk.is_err();
            if sender.send(chunk).await.is_err() || broken {
                return;
            }
        }
    };
    (bytes, pump)
}

/// Reads `application/x-www-form-urlencoded`.
pub fn parse_form(bytes: &[u8]) -> Vec<(String, String)> {
    bytes
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            (
                decode(&pair[..at]),
                decode(pair.get(at + 1..).unwrap_or_default()),
            )
        })
        .collect()
}

fn decode(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let digits = bytes
            .get(at + 1..at + 3)
            .and_then(|two| std::str::from_utf8(two).ok());
        match (byte, digits.and_then(|two| u8::from_str_radix(two, 16).ok())) {
            (b'%', Some(decoded)) => {
                out.push(decoded);
                at += 3;
                continue;
            }
            (b'+', _) => out.push(b' '),
            (other, _) => out.push(*other),
        }
        at += 1;
    }
    // Browsers send CR LF; fields keep plain line ends.
    String::from_utf8_lossy(&out).replace("\r\n", "\n")
}

#[cfg(test)]
mod tests {
    use super::parse_form;

    #[test]
    fn forms_are_read_as_browsers_write_them() {
        let read = parse_form(b"a=1&b=%E6%9D%83+x&a=2&empty=&bare&c=l1%0D%0Al2&bad=%zz");
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            read,
            [
                pair("a", "1"),
                pair("b", "\u{6743} x"),
                pair("a", "2"),
                pair("empty", ""),
                pair("bare", ""),
                pair("c", "l1\nl2"),
                pair("bad", "%zz"),
            ]
        );
    }
}
