//! Every page with sample contents, rendered in both languages and checked.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use askama::Template;
use shuyu_app::read::TrainingPerson;
use shuyu_kernel::CivilDate;

use super::{
    case, datasets, desk, form, law, ledger, lists, permits, products, sign_in, supervision, wellformed,
    workbench,
};
use crate::{
    i18n::{Language, Texts},
    page::{
        Chip, Frame, Grounds, Identity, RefusalCard,
        frame::PostOption,
        outcome::StopPage,
        parts::{Choice, Labelled, Link, Openable},
    },
};

/// A text that would break a page that does not escape.
const TEXT: &str = "<no> & \"quotes\" 'and' more";

fn text() -> String {
    TEXT.to_owned()
}

fn frame(lang: Language) -> Frame {
    let post = PostOption {
        value: "body|role|post|".to_owned(),
        label: text(),
        present: true,
    };
    Frame {
        texts: Arc::new(Texts::load().expect("the words read")),
        lang,
        path: "/cases?text=<no>&b=\"c\"".to_owned(),
        current: "nav-desk",
        csrf: "token".to_owned(),
        identity: Some(Identity {
            login: text(),
            delegation: text(),
            posts: vec![post],
            ..Identity::default()
        }),
        jurisdiction: text(),
        preview: true,
        training: true,
        today: CivilDate::new(2026, 2, 10).expect("a date"),
        time: "09:00".to_owned(),
        crumbs: Vec::new(),
        refresh_seconds: 3,
    }
    .crumb("/x", TEXT)
}

fn chips() -> Vec<Chip> {
    let chip = Chip {
        id: "YN-OP-057".to_owned(),
        short: text(),
        text: text(),
        href: "/law".to_owned(),
        preview: true,
    };
    vec![chip]
}

fn grounds() -> Grounds {
    Grounds {
        chips: chips(),
        note: text(),
    }
}

fn card() -> RefusalCard {
    RefusalCard {
        code: "publicity_not_over".to_owned(),
        what: text(),
        way_out: text(),
        chips: chips(),
    }
}

fn link() -> Link {
    Link {
        href: "/x".to_owned(),
        label: text(),
    }
}

fn labelled() -> Labelled {
    Labelled {
        label: text(),
        text: text(),
        grounds: grounds(),
    }
}

fn choice(value: &str) -> Choice {
    Choice {
        value: value.to_owned(),
        label: text(),
        selected: value == "a",
    }
}

fn openable() -> Vec<Openable> {
    vec![Openable {
        href: "/open/plan".to_owned(),
        title: text(),
        grounds: grounds(),
    }]
}

type Rendered = (&'static str, String);

fn page(name: &'static str, template: &impl Template) -> Rendered {
    (
        name,
        template
            .render()
            .unwrap_or_else(|error| panic!("{name}: {error}")),
    )
}

fn all(lang: Language) -> Vec<Rendered> {
    let mut pages = vec![
        page(
            "stop.html",
            &StopPage {
                frame: frame(lang),
                refusal: Some(card()),
                reference: text(),
                back: "/".to_owned(),
            },
        ),
        page(
            "stop.html",
            &StopPage {
                frame: frame(lang),
                refusal: None,
                reference: "abc".to_owned(),
                back: "/".to_owned(),
            },
        ),
    ];
    pages.extend(desk_pages(lang));
    pages.push(page("case.html", &case_page(lang)));
    pages.extend(form_pages(lang));
    pages.extend(data_pages(lang));
    pages.extend(product_pages(lang));
    pages.extend(ledger_pages(lang));
    pages.extend(law_pages(lang));
    pages
}

fn desk_pages(lang: Language) -> Vec<Rendered> {
    let person = TrainingPerson {
        login: text(),
        body: text(),
        role: text(),
        post: text(),
    };
    let sign_in = sign_in::SignInPage {
        frame: Frame {
            identity: None,
            ..frame(lang)
        },
        refusal: Some(card()),
        next: "/cases?a=<no>".to_owned(),
        login: text(),
        people: vec![person],
    };
    let row = desk::Row {
        href: "/cases/x".to_owned(),
        title: text(),
        number: text(),
        what: text(),
        from: text(),
        due: "2026-02-24".to_owned(),
        provisional: true,
        remaining: text(),
        chips: chips(),
    };
    let group = desk::Group {
        word: "severe",
        shape: "\u{25a0}",
        label: text(),
        rows: vec![row],
    };
    let home = desk::HomePage {
        frame: frame(lang),
        total: 1,
        groups: vec![group],
        openable: openable(),
        jobs: vec![link()],
    };
    let empty = desk::HomePage {
        frame: frame(lang),
        total: 0,
        groups: vec![],
        openable: vec![],
        jobs: vec![],
    };
    vec![
        page("sign_in.html", &sign_in),
        page("home.html", &home),
        page("home.html", &empty),
        page("case_list.html", &list_page(lang, true)),
        page("case_list.html", &list_page(lang, false)),
        page(
            "openable.html",
            &form::opening::OpenablePage {
                frame: frame(lang),
                items: openable(),
            },
        ),
        page(
            "openable.html",
            &form::opening::OpenablePage {
                frame: frame(lang),
                items: vec![],
            },
        ),
        page("supervision.html", &supervision_page(lang)),
    ]
}

fn list_page(lang: Language, rows: bool) -> lists::ListPage {
    let row = lists::Row {
        href: "/cases/x".to_owned(),
        number: text(),
        title: text(),
        procedure: text(),
        stage: text(),
        stage_class: "done",
        stage_shape: "\u{2713}",
        due: "2026-02-24".to_owned(),
        remaining: text(),
        turn: text(),
    };
    lists::ListPage {
        frame: frame(lang),
        title: text(),
        action: "/cases".to_owned(),
        section: "authorisation".to_owned(),
        text: text(),
        open_only: true,
        openable: openable(),
        procedures: vec![choice("a")],
        stages: vec![choice("a")],
        sizes: vec![choice("20")],
        heads: vec![lists::Head {
            label: text(),
            href: "/cases?sort=due&page=2".to_owned(),
            sorted: true,
        }],
        rows: if rows { vec![row] } else { vec![] },
        total: 41,
        page: 2,
        pages: 3,
        previous: "/cases?page=1".to_owned(),
        next: "/cases?page=3".to_owned(),
        empty: text(),
    }
}

fn supervision_page(lang: Language) -> supervision::SupervisionPage {
    let duty = supervision::DutyRow {
        href: "/cases/x".to_owned(),
        number: text(),
        title: text(),
        what: text(),
        due: "2026-02-24".to_owned(),
        word: "overdue",
        shape: "\u{25b2}",
        remaining: text(),
        chips: chips(),
    };
    let body = supervision::BodyRow {
        name: text(),
        role: text(),
        severe: 1,
        overdue: 0,
        soon: 2,
        open: 3,
        rows: vec![duty],
    };
    let figure = supervision::FigureRow {
        label: text(),
        value: 7,
        rows: text(),
    };
    supervision::SupervisionPage {
        frame: frame(lang),
        bodies: vec![body],
        figures: vec![figure],
    }
}

fn case_page(lang: Language) -> case::CasePage {
    case::sample(
        frame(lang),
        TEXT,
        &chips(),
        &grounds(),
        (&card(), &labelled(), &link()),
    )
}

fn question(kind: &'static str) -> form::question::Question {
    form::question::Question {
        id: kind.to_owned(),
        name: format!("f.{kind}"),
        label: text(),
        help: text(),
        required: kind == "text",
        personal: true,
        grounds: grounds(),
        error: text(),
        kind,
        value: text(),
        options: vec![choice("a"), choice("b")],
        tables: form::columns::sample(TEXT),
        paper: text(),
    }
}

fn form_pages(lang: Language) -> Vec<Rendered> {
    use form::pages::{CheckPage, FieldError, GroupPage, Section, Task, TasksPage};
    let kinds = [
        "text",
        "paragraph",
        "date",
        "money",
        "integer",
        "yes_no",
        "select",
        "file",
        "cases",
        "columns",
        "figures",
        "strike",
    ];
    let task = Task {
        href: "/x".to_owned(),
        title: text(),
        class: "done",
        shape: "\u{2713}",
        status: text(),
    };
    let tasks = TasksPage {
        frame: frame(lang),
        title: text(),
        lead: text(),
        grounds: grounds(),
        done: 1,
        tasks: vec![task],
        check_href: "/x".to_owned(),
        back: "/".to_owned(),
    };
    let group = GroupPage {
        frame: frame(lang),
        title: text(),
        group: text(),
        action: "/x".to_owned(),
        errors: vec![FieldError {
            id: "text".to_owned(),
            message: text(),
        }],
        questions: kinds.into_iter().map(question).collect(),
    };
    let section = Section {
        id: "a".to_owned(),
        title: text(),
        href: "/x".to_owned(),
        answers: vec![labelled()],
    };
    let check = CheckPage {
        frame: frame(lang),
        title: text(),
        card: Some(card()),
        fixes: vec![link()],
        missing: vec![link()],
        sections: vec![section],
        what_follows: text(),
        grounds: grounds(),
        action: "/x".to_owned(),
        key: text(),
        version: "3".to_owned(),
        submit: text(),
        back: "/".to_owned(),
    };
    let result = form::result::ResultPage {
        frame: frame(lang),
        id: "case_x".to_owned(),
        headline: text(),
        number: text(),
        title: text(),
        stage: text(),
        next: vec![text()],
        entries: vec![form::result::EntryLine {
            index: 7,
            what: text(),
        }],
    };
    vec![
        page("form_tasks.html", &tasks),
        page("form_group.html", &group),
        page("form_check.html", &check),
        page("result.html", &result),
    ]
}

fn answer() -> permits::AnswerView {
    let cell = |missing| permits::CellView {
        missing,
        text: text(),
    };
    permits::AnswerView {
        release: text(),
        read: text(),
        columns: vec![text(), text()],
        rows: vec![vec![cell(true), cell(false)]],
    }
}

fn data_pages(lang: Language) -> Vec<Rendered> {
    let row = datasets::Row {
        href: "/x".to_owned(),
        table: text(),
        case_href: "/x".to_owned(),
        case_title: text(),
        version: 2,
        rows: 10,
        subjects: text(),
    };
    let job = datasets::JobLine {
        href: "/jobs/1".to_owned(),
        label: text(),
        class: "running",
        shape: "\u{25cf}",
        status: text(),
    };
    let datasets = datasets::DatasetsPage {
        frame: frame(lang),
        may_ingest: true,
        key: text(),
        uploads: vec![choice("a")],
        resources: vec![choice("b")],
        domains: vec![choice("person")],
        jobs: vec![job],
        rows: vec![row],
    };
    let dataset = datasets::DatasetPage {
        frame: frame(lang),
        table: text(),
        facts: vec![labelled()],
        case_href: "/x".to_owned(),
        case_title: text(),
        entry_href: "/ledger/1".to_owned(),
        columns: vec![text()],
        report: vec![labelled()],
    };
    let job = datasets::JobPage {
        frame: frame(lang),
        table: text(),
        href: "/jobs/1".to_owned(),
        class: "running",
        shape: "\u{25cf}",
        status: text(),
        rows: 5,
        running: true,
        card: Some(card()),
        made: text(),
        made_href: "/datasets/x".to_owned(),
    };
    let release = permits::ReleaseRow {
        href: "/x".to_owned(),
        id: text(),
        case_href: "/x".to_owned(),
        number: text(),
        title: text(),
        rows: 3,
        columns: text(),
    };
    vec![
        page("datasets.html", &datasets),
        page("dataset.html", &dataset),
        page("job.html", &job),
        page(
            "releases.html",
            &permits::ReleasesPage {
                frame: frame(lang),
                rows: vec![release],
            },
        ),
        page(
            "release.html",
            &permits::ReleasePage {
                frame: frame(lang),
                case_href: "/x".to_owned(),
                answer: answer(),
            },
        ),
        page("workbench.html", &workbench_page(lang, false)),
        page("workbench.html", &workbench_page(lang, true)),
    ]
}

fn workbench_page(lang: Language, closed: bool) -> workbench::WorkbenchPage {
    let each = || workbench::UseView {
        word: "group",
        icon: "\u{25a6}",
        label: text(),
    };
    let column = |struck| workbench::ColumnView {
        name: text(),
        struck,
        uses: vec![each()],
    };
    let table = workbench::TableView {
        name: text(),
        class: "personal",
        kind: text(),
        provider: text(),
        version: text(),
        columns: vec![column(false), column(true)],
    };
    workbench::WorkbenchPage {
        frame: frame(lang),
        number: text(),
        purpose: text(),
        expires_on: "2031-01-19".to_owned(),
        case_href: "/x".to_owned(),
        closed: closed.then(card),
        legend: vec![each()],
        tables: vec![table],
        action: "/permits/x".to_owned(),
        sql: text(),
        checked: true,
        card: Some(card()),
        before: text(),
        fragment: text(),
        after: text(),
        nearest: text(),
        rewritten: text(),
        answer: Some(answer()),
    }
}

fn product_pages(lang: Language) -> Vec<Rendered> {
    let permit = permits::Row {
        case_href: "/x".to_owned(),
        number: text(),
        title: text(),
        purpose: text(),
        class: "permitted",
        shape: "\u{2713}",
        status: text(),
        expires_on: "2031-01-19".to_owned(),
        href: "/permits/x".to_owned(),
    };
    let product = products::ProductPage {
        frame: frame(lang),
        title: text(),
        number: text(),
        case_href: "/x".to_owned(),
        stage: text(),
        stage_class: "open",
        stage_shape: "\u{25cb}",
        facts: vec![labelled()],
        gateway_chips: chips(),
        made: Some(products::MadeKey {
            key_id: text(),
            secret: text(),
            example: text(),
        }),
        deliveries: vec![products::DeliveryRow {
            number: 1,
            label: text(),
            href: "/x".to_owned(),
            agreement: text(),
            own: true,
        }],
        action: "/products/x".to_owned(),
        keys: vec![products::KeyRow {
            key_id: text(),
            customer: text(),
            quota: 100,
            calls: 3,
        }],
    };
    vec![
        page(
            "permits.html",
            &permits::PermitsPage {
                frame: frame(lang),
                openable: openable(),
                rows: vec![permit],
            },
        ),
        page(
            "permits.html",
            &permits::PermitsPage {
                frame: frame(lang),
                openable: vec![],
                rows: vec![],
            },
        ),
        page("product.html", &product),
    ]
}

fn ledger_pages(lang: Language) -> Vec<Rendered> {
    let row = ledger::Row {
        index: 7,
        href: "/ledger/7".to_owned(),
        at: text(),
        what: text(),
        stream: text(),
        stream_href: "/cases/x".to_owned(),
        leaf: text(),
    };
    let log = ledger::LedgerPage {
        frame: frame(lang),
        title: text(),
        lead: text(),
        size: 8,
        sealed: text(),
        root: text(),
        note: text(),
        public_key: text(),
        rows: vec![row],
        newer: "/ledger?from=50".to_owned(),
        older: "/ledger?from=0".to_owned(),
    };
    let entry = ledger::EntryPage {
        frame: frame(lang),
        index: 7,
        what: text(),
        kind: text(),
        at: text(),
        stream: text(),
        stream_href: "/cases/x".to_owned(),
        prev_hash: text(),
        leaf: text(),
        receipt_href: "/ledger/7/receipt".to_owned(),
        pretty: text(),
        line: text(),
    };
    let verify = ledger::VerifyPage {
        frame: frame(lang),
        public_key: text(),
        command: text(),
        command_whole: text(),
        checks: vec![text()],
    };
    vec![
        page("ledger.html", &log),
        page("entry.html", &entry),
        page("verify.html", &verify),
    ]
}

fn law_pages(lang: Language) -> Vec<Rendered> {
    let instrument = law::InstrumentRow {
        title: text(),
        number: text(),
        class: "draft",
        shape: "\u{25c6}",
        status: text(),
        since: text(),
        href: "/law/clauses?instrument=YN-OP".to_owned(),
        count: text(),
    };
    let law = law::LawPage {
        frame: frame(lang),
        instruments: vec![instrument],
        procedures: openable(),
        digest: text(),
    };
    let row = law::ClauseRow {
        href: "/law/clauses/YN-OP-057".to_owned(),
        id: text(),
        article: text(),
        text: text(),
        platform: "enforce",
        platform_label: text(),
    };
    let clauses = law::ClausesPage {
        frame: frame(lang),
        text: text(),
        instruments: vec![choice("YN-OP")],
        total: 1,
        rows: vec![row],
        previous: "/x".to_owned(),
        next: "/x".to_owned(),
    };
    let rule = law::RuleRow {
        kind: text(),
        title: text(),
        href: "/x".to_owned(),
        procedure: text(),
    };
    let clause = law::ClausePage {
        frame: frame(lang),
        id: text(),
        instrument: text(),
        article: text(),
        class: "draft",
        shape: "\u{25c6}",
        status: text(),
        platform: "enforce",
        platform_label: text(),
        text: text(),
        detail: text(),
        rules: vec![rule],
        scenarios: vec![labelled()],
    };
    let way = law::Way {
        act: text(),
        to_id: "signed".to_owned(),
        to: text(),
        by: text(),
    };
    let stage = law::StageRow {
        id: "signed".to_owned(),
        title: text(),
        is_final: true,
        holder: text(),
        grounds: grounds(),
        ways: vec![way],
    };
    let guard = law::GuardRow {
        code: text(),
        grounds: grounds(),
    };
    let procedure = law::ProcedurePage {
        frame: frame(lang),
        title: text(),
        grounds: grounds(),
        stages: vec![stage],
        acts: vec![law::ActRow {
            title: text(),
            by: text(),
            guards: vec![guard],
            grounds: grounds(),
        }],
        clocks: vec![law::ClockRow {
            title: text(),
            limit: text(),
            grounds: grounds(),
        }],
        diagram: text(),
    };
    vec![
        page("law.html", &law),
        page("clauses.html", &clauses),
        page("clause.html", &clause),
        page("procedure.html", &procedure),
    ]
}

#[test]
fn every_page_is_well_formed_in_both_languages() {
    for lang in Language::ALL {
        for (name, html) in all(lang) {
            wellformed::check(&format!("{name} ({})", lang.code()), &html);
        }
    }
}

#[test]
fn every_template_has_a_sample() {
    let rendered: BTreeSet<&str> = all(Language::Zh).iter().map(|(name, _)| *name).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    for entry in std::fs::read_dir(folder).expect("the templates stand there") {
        let name = entry
            .expect("an entry")
            .file_name()
            .into_string()
            .expect("a name");
        let part = name.ends_with("_partial.html") || name == "layout.html";
        assert!(part || rendered.contains(name.as_str()), "{name} has no sample");
    }
}
