//! The signed-note form of C2SP: a text, a blank line, signature lines.
//!
//! ```text
//! <text, ends with a newline>
//! <blank line>
//! — <key name> <base64(key id ‖ signature)>
//! ```
//!
//! Reading is strict: what is read and written again gives the same bytes.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// A text with signatures. Reading one proves nothing; verify it with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// Whose key, for a log its origin. Not empty, no white space, no `+`.
    pub name: String,
    /// Points to the key of that name.
    pub key_id: [u8; 4],
    /// In the form of the key's algorithm; for SM2, ASN.1 DER.
    pub signature: Vec<u8>,
}

/// Why bytes are not a signed note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Longer than 64 KiB.
    #[error("longer than {MAX_NOTE_BYTES} bytes")]
    TooLong,
    /// Not UTF-8, or a control character other than the newline.
    #[error("not plain UTF-8 text")]
    NotText,
    /// No blank line between text and signatures, or no newline at the end.
    #[error("no text, blank line and signature lines")]
    Form,
    /// A line after the blank line is not a signature line.
    #[error("signature line {line} is not of the form: dash, name, base64")]
    SignatureLine {
        /// Which signature line, from 1.
        line: usize,
    },
    /// More than 64 signature lines.
    #[error("more than {MAX_SIGNATURES} signature lines")]
    TooManySignatures,
    /// The same name and key id twice.
    #[error("signature line {line} repeats a key")]
    Repeated {
        /// Which signature line, from 1.
        line: usize,
    },
}

/// Longest note, in bytes. Platform choice: a checkpoint has a few hundred.
pub const MAX_NOTE_BYTES: usize = 64 * 1024;
/// Most signature lines. Platform choice: one log and its witnesses.
pub const MAX_SIGNATURES: usize = 64;

/// Every signature line begins with an em dash and a space.
const SIGNATURE_MARK: &str = "\u{2014} ";

impl Note {
    /// A note without signatures. The text must end with a newline and hold no control characters.
    pub fn new(text: String) -> Result<Self, NoteError> {
        if !is_plain(&text) {
            return Err(NoteError::NotText);
        }
        // The last blank line ends the text, so a blank line inside is lawful.
        if text.len() < 2 || !text.ends_with('\n') {
            return Err(NoteError::Form);
        }
        Ok(Self {
            text,
            signatures: Vec::new(),
        })
    }

    /// Reads a note with at least one signature.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE_BYTES {
            return Err(NoteError::TooLong);
        }
        let whole = std::str::from_utf8(bytes).map_err(|_| NoteError::NotText)?;
        let blank = whole.rfind("\n\n").ok_or(NoteError::Form)?;
        let (text, rest) = whole.split_at(blank + 1);
        let mut note = Self::new(text.to_owned())?;
        let lines = rest
            .strip_prefix('\n')
            .and_then(|lines| lines.strip_suffix('\n'))
            .ok_or(NoteError::Form)?;
        if !is_plain(lines) {
            return Err(NoteError::NotText);
        }
        for line in lines.split('\n') {
            let number = note.signatures.len() + 1;
            let signature = NoteSignature::parse(line).ok_or(NoteError::SignatureLine { line: number })?;
            note.push(signature)?;
        }
        Ok(note)
    }

    /// Adds a signature line. The same key cannot sign twice.
    pub fn push(&mut self, signature: NoteSignature) -> Result<(), NoteError> {
        let line = self.signatures.len() + 1;
        if line > MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures);
        }
        if !is_key_name(&signature.name) || signature.signature.is_empty() {
            return Err(NoteError::SignatureLine { line });
        }
        if self.by(&signature.name, signature.key_id).is_some() {
            return Err(NoteError::Repeated { line });
        }
        self.signatures.push(signature);
        Ok(())
    }

    /// The text that is signed, with its last newline.
    pub fn text(&self) -> &str {
        &self.text
    }
    /// All signature lines in order.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }
    /// The signature line of this key, if there is one.
    pub fn by(&self, name: &str, key_id: [u8; 4]) -> Option<&NoteSignature> {
        self.signatures
            .iter()
            .find(|line| line.name == name && line.key_id == key_id)
    }
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.text)?;
        for signature in &self.signatures {
            writeln!(f, "{signature}")?;
        }
        Ok(())
    }
}

impl NoteSignature {
    /// Reads one signature line without its newline.
    pub fn parse(line: &str) -> Option<Self> {
        let (name, coded) = line.strip_prefix(SIGNATURE_MARK)?.split_once(' ')?;
        let bytes = STANDARD.decode(coded).ok()?;
        let (key_id, signature) = bytes.split_first_chunk::<4>()?;
        let well_formed = is_key_name(name) && !signature.is_empty();
        well_formed.then(|| Self {
            name: name.to_owned(),
            key_id: *key_id,
            signature: signature.to_vec(),
        })
    }
}

impl std::fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bytes = [self.key_id.as_slice(), &self.signature].concat();
        write!(f, "{SIGNATURE_MARK}{} {}", self.name, STANDARD.encode(bytes))
    }
}

fn is_plain(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() && c != '\n')
}

fn is_key_name(name: &str) -> bool {
    !name.is_empty()
        && !name
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || c == '+')
}
