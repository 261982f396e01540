//! Measuring a part of a workbook before the reader that believes it sees it.
//!
//! The workbook reader holds one stretch of markup (a cell, a string, a tag, a comment) in memory however long it
//! is, and every shared string. This scanner knows just enough XML to bound both, byte by byte in constant memory.
//! Where two readers could disagree about what is a tag, and where elements do not nest, the part is refused as
//! damaged: the workbook reader does not check, and would look for an end that does not come.

use shuyu_kernel::Refusal;

use crate::{
    archive::{damaged, limited},
    limits::{MAX_SHARED_STRINGS, MAX_STRETCH_BYTES},
};

/// Longest start of a tag that is looked at: enough for its name and the count of shared strings.
const TAG_START: usize = 512;
/// Names of the elements that the reader holds as a whole and then lets go: cell, shared string. They hold none of
/// their kind.
const ITEMS: [&[u8]; 2] = [b"c", b"si"];
/// Holds cells, often none; nothing of it is kept.
const ROW: &[u8] = b"row";
/// Deepest nesting of elements; sheets have about ten.
const DEEPEST: usize = 64;
/// Longest name of an element.
const LONGEST_NAME: usize = 128;
/// What a table of shared strings says about its own size; the reader reserves memory for it unseen.
const PROMISE: &[u8] = b"uniqueCount";

/// Where the scanner stands.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum State {
    /// Between tags.
    #[default]
    Text,
    /// Within a tag, within quotes if a quote is given.
    Tag(Option<u8>),
    /// Within `<!-- -->`.
    Comment,
    /// Within `<![CDATA[ ]]>`.
    Data,
    /// Within `<? ?>`.
    Instruction,
}

/// Measures one part.
#[derive(Default)]
pub(crate) struct Markup {
    state: State,
    /// The tag from its `<`, as far as it is looked at.
    tag: Vec<u8>,
    /// Names of the elements that are open.
    open: Vec<Vec<u8>>,
    /// The last two bytes.
    before: [u8; 2],
    /// Bytes since a comment or a piece of character data began.
    inside: u64,
    stretch: u64,
    strings: u64,
}

impl Markup {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// Refuses `workbook_too_large` and `workbook_damaged`.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        bytes.iter().try_for_each(|byte| self.step(*byte))
    }

    fn step(&mut self, byte: u8) -> Result<(), Refusal> {
        // Zero bytes and escapes would be another encoding, in which these bytes are not what they seem.
        if byte == 0 || byte == 0x1b {
            return Err(damaged());
        }
        self.stretch += 1;
        if self.stretch > MAX_STRETCH_BYTES {
            return Err(limited("workbook_too_large").fact("limit_bytes", MAX_STRETCH_BYTES));
        }
        match self.state {
            State::Text if byte == b'<' => {
                self.tag.clear();
                self.tag.push(byte);
                self.state = State::Tag(None);
            }
            State::Text => {}
            State::Tag(quote) => self.within_tag(quote, byte)?,
            State::Comment => self.until(b"--", byte)?,
            State::Data => self.until(b"]]", byte)?,
            State::Instruction => {
                self.inside += 1;
                if byte == b'>' && self.before[1] == b'?' {
                    // `<?>` ends for some readers and goes on for others.
                    self.state = if self.inside > 1 {
                        State::Text
                    } else {
                        return Err(damaged());
                    };
                }
            }
        }
        self.before = [self.before[1], byte];
        Ok(())
    }

    /// Waits for the end of a comment or of character data: two marks and `>`.
    fn until(&mut self, marks: &[u8; 2], byte: u8) -> Result<(), Refusal> {
        self.inside += 1;
        if byte == b'>' {
            if self.inside <= 2 && self.state == State::Comment {
                // `<!-->` and `<!--->` end for some readers and go on for others.
                return Err(damaged());
            }
            if self.inside > 2 && self.before == *marks {
                self.state = State::Text;
            }
        }
        Ok(())
    }

    fn within_tag(&mut self, quote: Option<u8>, byte: u8) -> Result<(), Refusal> {
        if self.tag.len() < TAG_START {
            self.tag.push(byte);
        }
        match (quote, byte) {
            (Some(open), _) if open == byte => self.state = State::Tag(None),
            (Some(_), _) => {}
            // An end tag with quotes in it is read differently by different readers.
            (None, b'"' | b'\'') if self.tag.get(1) == Some(&b'/') => return Err(damaged()),
            (None, b'"' | b'\'') => self.state = State::Tag(Some(byte)),
            (None, b'>') => {
                self.state = State::Text;
                self.end_tag()?;
            }
            (None, b'<') => return Err(damaged()),
            (None, _) => self.special()?,
        }
        Ok(())
    }

    /// What begins with `<!` or `<?` is no element.
    fn special(&mut self) -> Result<(), Refusal> {
        let next = match self.tag.as_slice() {
            b"<?" => State::Instruction,
            b"<!--" => State::Comment,
            b"<![CDATA[" => State::Data,
            // A document type has no business in a workbook, and its entities none anywhere.
            [b'<', b'!', rest @ ..] if !b"--".starts_with(rest) && !b"[CDATA[".starts_with(rest) => {
                return Err(damaged());
            }
            _ => return Ok(()),
        };
        (self.state, self.inside) = (next, 0);
        Ok(())
    }

    /// A tag is over.
    fn end_tag(&mut self) -> Result<(), Refusal> {
        let closes = self.tag.get(1) == Some(&b'/');
        let name = self.tag.get(if closes { 2 } else { 1 }..).unwrap_or_default();
        let name = name
            .split(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>'))
            .next()
            .unwrap_or_default();
        if name.is_empty() || name.len() > LONGEST_NAME {
            return Err(damaged());
        }
        let local = local(name);
        let item = ITEMS.contains(&local);
        if closes {
            if self.open.pop().as_deref() != Some(name) {
                return Err(damaged());
            }
        } else {
            let held = self.open.iter().any(|open| ITEMS.contains(&self::local(open)));
            if self.open.len() >= DEEPEST || (held && (item || local == ROW)) {
                return Err(damaged());
            }
            self.strings += u64::from(local == b"si");
            let promised = if local == b"sst" { promised(&self.tag) } else { 0 };
            if promised.max(self.strings) > MAX_SHARED_STRINGS {
                return Err(limited("workbook_too_large").fact("limit_strings", MAX_SHARED_STRINGS));
            }
            if self.before[1] != b'/' {
                self.open.push(name.to_vec());
            }
        }
        if item || local == ROW {
            self.stretch = 0;
        }
        Ok(())
    }
}

/// The name without its prefix.
fn local(name: &[u8]) -> &[u8] {
    name.rsplit(|byte| *byte == b':').next().unwrap_or_default()
}

/// The largest number of strings that a tag promises. What is not a number promises too much.
fn promised(tag: &[u8]) -> u64 {
    let at = tag.windows(PROMISE.len()).position(|bytes| bytes == PROMISE);
    let Some(rest) = at.and_then(|at| tag.get(at + PROMISE.len()..)) else {
        // A tag longer than was looked at may hide its promise.
        return if tag.len() < TAG_START { 0 } else { u64::MAX };
    };
    let digits: String = rest
        .iter()
        .skip_while(|byte| byte.is_ascii_whitespace() || matches!(byte, b'=' | b'"' | b'\''))
        .take_while(|byte| byte.is_ascii_digit())
        .map(|byte| char::from(*byte))
        .collect();
    let more = rest.windows(PROMISE.len()).any(|bytes| bytes == PROMISE);
    if more {
        u64::MAX
    } else {
        digits.parse().unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(text: &str) -> Result<(), String> {
        let mut markup = Markup::default();
        // In pieces, as a file comes.
        text.as_bytes()
            .chunks(7)
            .try_for_each(|piece| markup.take(piece))
            .map_err(|refusal| refusal.code)
    }

    fn long(piece: &str) -> String {
        piece.repeat(MAX_STRETCH_BYTES as usize / piece.len() + 1)
    }

    #[test]
    fn any_number_of_short_cells_passes() {
        let row = "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>1 &gt; 0</v></c><c r=\"B1\"/><x:c><v/></x:c></row>";
        assert_eq!(
            measured(&format!(
                "<?xml version=\"1.0\"?><!-- a > b --><sheetData>{}</sheetData>",
                long(row)
            )),
            Ok(())
        );
        assert_eq!(measured("<si><t><![CDATA[<c> ]] > ]]></t></si>"), Ok(()));
    }

    #[test]
    fn a_stretch_that_the_reader_would_hold_is_refused_however_it_is_dressed() {
        for (start, piece) in [
            ("<c><v>", "9"),
            ("<c><v>", "9<!-- -->"),
            ("<c><v>", "9<x></x>"),
            ("<si>", "<r><t>a</t></r>"),
            ("<c a=\"", "<c>"),
            ("<!-- ", "<c>"),
            ("<![CDATA[", "<c>"),
            ("<? ", "<c>"),
        ] {
            let found = measured(&format!("{start}{}", long(piece)));
            assert_eq!(found, Err("workbook_too_large".to_owned()), "{start}{piece}…");
        }
    }

    #[test]
    fn what_readers_disagree_about_is_damaged() {
        let torn = [
            "<c><v>9</c><c>9</v></c>",
            "<c><v>9<c/>9</v></c>",
            "<si><t>a<row/>a</t></si>",
            "</c>",
        ];
        let unclear = [
            "</c '>",
            "<!-->",
            "<!--->",
            "<?>",
            "<!DOCTYPE x>",
            "<c <c>",
            "< c>",
        ];
        let coded = ["<\0c\0>\0", "<c>\u{1b}$B"];
        for text in torn.into_iter().chain(unclear).chain(coded) {
            assert_eq!(measured(text), Err("workbook_damaged".to_owned()), "{text:?}");
        }
    }

    #[test]
    fn shared_strings_are_counted_and_their_promise_is_not_believed() {
        assert_eq!(
            measured("<sst count=\"99999999\" uniqueCount=\"2\"><si/><si/></sst>"),
            Ok(())
        );
        let empty = "<si/>".repeat(MAX_SHARED_STRINGS as usize + 1);
        for text in [
            "<sst uniqueCount=\"2000001\">",
            "<sst uniqueCount = '99999999999999999999999'>",
            "<x:sst uniqueCount=\"1\" uniqueCount=\"9999999\">",
            empty.as_str(),
        ] {
            assert_eq!(measured(text), Err("workbook_too_large".to_owned()));
        }
    }
}
