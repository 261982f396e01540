//! Which sheet belongs to which kind of act. Every kind has one; a new kind does not compile without.

use shuyu_profile::ActKind;

/// How a sheet is made up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// 通知、答复: to whom it concerns.
    Notice,
    /// 决定、批复: to whom it concerns.
    Decision,
    /// 函、报告: to whoever has to act next.
    Letter,
    /// 公示、公告: to everybody.
    Public,
    /// 协议: of all parties, each with a line for its seal.
    Agreement,
    /// 登记、记录、证明: for the file.
    Register,
}

/// A kind of sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SheetKind {
    /// Its word in the keys of the messages.
    pub word: &'static str,
    /// How it is made up.
    pub form: Form,
    /// It carries all contents of the case so far, not only what the act set.
    pub whole: bool,
}

/// The sheet of an opening.
pub(super) const OPENING: SheetKind = kind("open", Form::Register);

const fn kind(word: &'static str, form: Form) -> SheetKind {
    SheetKind {
        word,
        form,
        whole: false,
    }
}

const fn whole(word: &'static str, form: Form) -> SheetKind {
    SheetKind {
        word,
        form,
        whole: true,
    }
}

/// The sheet of an act of this kind.
pub(super) fn of(act: ActKind) -> SheetKind {
    match act {
        ActKind::Submit => whole("submit", Form::Letter),
        ActKind::Accept => kind("accept", Form::Notice),
        ActKind::AskCorrection => kind("ask-correction", Form::Notice),
        ActKind::Correct => whole("correct", Form::Letter),
        ActKind::Return => kind("return", Form::Notice),
        ActKind::Consult => kind("consult", Form::Letter),
        ActKind::DecideCollectively => kind("decide-collectively", Form::Register),
        ActKind::Deliberate => kind("deliberate", Form::Decision),
        ActKind::Publicise => kind("publicise", Form::Public),
        ActKind::Object => kind("object", Form::Letter),
        ActKind::AnswerObjection => kind("answer-objection", Form::Notice),
        ActKind::Evaluate => kind("evaluate", Form::Register),
        ActKind::Approve => kind("approve", Form::Decision),
        ActKind::Refuse => kind("refuse", Form::Decision),
        ActKind::Sign => whole("sign", Form::Agreement),
        ActKind::Activate => kind("activate", Form::Notice),
        ActKind::File => whole("file", Form::Letter),
        ActKind::Notify => kind("notify", Form::Notice),
        ActKind::Publish => kind("publish", Form::Public),
        ActKind::Record => kind("record", Form::Register),
        ActKind::Price => kind("price", Form::Decision),
        ActKind::Deliver => kind("deliver", Form::Register),
        ActKind::Extend => kind("extend", Form::Notice),
        ActKind::Suspend => kind("suspend", Form::Decision),
        ActKind::Resume => kind("resume", Form::Decision),
        ActKind::Revoke => kind("revoke", Form::Decision),
        ActKind::Terminate => kind("terminate", Form::Decision),
        ActKind::HandOver => kind("hand-over", Form::Register),
        ActKind::DeleteWithProof => kind("delete-with-proof", Form::Register),
        ActKind::Archive => kind("archive", Form::Register),
    }
}

impl Form {
    /// Its word in the keys of the messages.
    pub(super) fn word(self) -> &'static str {
        match self {
            Form::Notice => "notice",
            Form::Decision => "decision",
            Form::Letter => "letter",
            Form::Public => "public",
            Form::Agreement => "agreement",
            Form::Register => "register",
        }
    }
}

#[cfg(test)]
mod tests {
    use shuyu_profile::ActKind;

    use super::{OPENING, of};
    use crate::i18n::{Language, Texts};

    /// First and last kind of the vocabulary: in between every kind is reached by the match above.
    const SOME: [ActKind; 6] = [
        ActKind::Submit,
        ActKind::AskCorrection,
        ActKind::Refuse,
        ActKind::Sign,
        ActKind::DeleteWithProof,
        ActKind::Archive,
    ];

    #[test]
    fn a_sheet_has_title_body_and_closing_in_both_languages() {
        let texts = Texts::load().expect("the words read");
        for kind in SOME.map(of).into_iter().chain([OPENING]) {
            for key in [
                format!("print-title-{}", kind.word),
                format!("print-body-{}", kind.word),
                format!("print-closing-{}", kind.form.word()),
            ] {
                for language in Language::ALL {
                    assert!(texts.has(language, &key), "{key} ({})", language.code());
                }
            }
        }
    }
}
