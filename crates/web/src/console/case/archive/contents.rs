//! The files of a package.

use shuyu_app::read::{Archive, Sheet};
use shuyu_kernel::{CivilDate, Fault};

use super::{
    super::print::{Around, STYLE, act_sheet, case_sheet},
    Item, manifest,
};
use crate::{
    api::case_view::CaseView as CaseJson,
    i18n::Language,
    page::{ConsoleError, Visit, assets},
};

/// The files of a package in order, and the day of the case's last act.
pub(super) struct Items {
    pub files: Vec<Item>,
    pub day: CivilDate,
}

/// Everything, with the lists of it in front.
pub(super) fn items(visit: &Visit, archive: Archive) -> Result<Items, ConsoleError> {
    let day = last_day(&archive);
    let mut files = record(visit, &archive)?;
    files.extend(sheets(visit, &archive, day)?);
    for paper in &archive.papers {
        files.push(Item {
            path: format!("papers/{}", paper.file),
            title: paper.title.clone(),
            media: "application/octet-stream",
            bytes: paper.bytes.clone(),
        });
    }
    files.insert(0, readme(visit, &archive));
    files.insert(0, manifest::index(visit, &files));
    files.insert(0, manifest::manifest(visit, &archive, &files)?);
    Ok(Items { files, day })
}

fn last_day(archive: &Archive) -> CivilDate {
    let acts = archive.view.case.acts.iter();
    let days = acts.map(|act| act.recorded_on);
    days.max().unwrap_or(archive.view.case.opened_on)
}

/// The case as data, its lines of the ledger, the receipts of its acts and the key of the log.
fn record(visit: &Visit, archive: &Archive) -> Result<Vec<Item>, ConsoleError> {
    let frame = &visit.frame;
    let json = serde_json::to_vec_pretty(&CaseJson::from(&archive.view))
        .map_err(|error| Fault::new("writing a case", error))?;
    let lines: String = archive.lines.iter().map(|line| format!("{line}\n")).collect();
    let mut files = vec![
        Item {
            path: "case.json".to_owned(),
            title: frame.t("archive-case"),
            media: "application/json",
            bytes: json,
        },
        Item {
            path: "record/entries.jsonl".to_owned(),
            title: frame.t("archive-entries"),
            media: "application/jsonl",
            bytes: lines.into_bytes(),
        },
        Item {
            path: "record/log-key.pem".to_owned(),
            title: frame.t("archive-key"),
            media: "application/x-pem-file",
            bytes: archive.public_key.clone().into_bytes(),
        },
    ];
    files.extend(archive.receipts.iter().map(|(index, receipt)| Item {
        path: format!("record/receipt-{index}.json"),
        title: frame.tr("archive-receipt", &[("index", index)]),
        media: "application/json",
        bytes: receipt.clone().into_bytes(),
    }));
    Ok(files)
}

/// The sheets of the case and of its acts, with their style sheet beside them. They say what held on the day of the
/// last act, whenever they are taken.
fn sheets(visit: &Visit, archive: &Archive, day: CivilDate) -> Result<Vec<Item>, ConsoleError> {
    let mut view = archive.view.clone();
    view.today = day;
    let sheet = Sheet {
        view,
        clear: Default::default(),
    };
    let around = || Around {
        style: STYLE.to_owned(),
        back: String::new(),
        personal: String::new(),
    };
    let page = |path: String, title: String, html: Result<String, askama::Error>| {
        let html = html.map_err(|error| Fault::new("writing a sheet", error))?;
        Ok::<Item, Fault>(Item {
            path,
            title,
            media: "text/html",
            bytes: html.into_bytes(),
        })
    };
    let whole = case_sheet(visit, &sheet, around())?;
    let mut files = vec![
        Item {
            path: format!("print/{STYLE}"),
            title: visit.frame.t("archive-style"),
            media: "text/css",
            bytes: assets::bytes(STYLE),
        },
        page(
            "print/case.html".to_owned(),
            visit.frame.t("archive-sheet"),
            askama::Template::render(&whole),
        )?,
    ];
    for number in 1..=sheet.view.acts_taken() {
        let act = act_sheet(visit, &sheet, number, around())?;
        let path = format!("print/act-{number}.html");
        files.push(page(path, act.title.clone(), askama::Template::render(&act))?);
    }
    Ok(files)
}

/// What the package is and how to check it, in both languages whatever the visitor's is.
fn readme(visit: &Visit, archive: &Archive) -> Item {
    let case = &archive.view.case;
    let facts = [("number", case.number.as_str()), ("title", case.title.as_str())];
    let texts = Language::ALL.map(|language| visit.frame.texts.tr(language, "archive-readme", &facts));
    Item {
        path: "README.txt".to_owned(),
        title: visit.frame.t("archive-readme-title"),
        media: "text/plain",
        bytes: format!("{}\n", texts.join("\n\n")).into_bytes(),
    }
}
