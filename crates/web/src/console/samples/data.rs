//! Samples of data use, releases, products and data.

use super::{Rendered, card, chips, choice, frame, labelled, openable, page, text};
use crate::{
    console::{
        airlock, budget, datasets, explaining, identity::IdentityPanel, own, permits, products, running,
        runs, workbench,
    },
    i18n::Language,
};

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

pub(super) fn data_pages(lang: Language) -> Vec<Rendered> {
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
        shares: vec![choice("100")],
        reasons: vec![choice("subject_asked")],
        modes: vec![choice("replace")],
        jobs: vec![job],
        rows: vec![row],
    };
    let dataset = super::dataset::dataset_page(lang);
    let job = datasets::JobPage {
        frame: frame(lang),
        title: text(),
        is_batch: true,
        all: 50,
        done: 3,
        back_href: "/datasets".to_owned(),
        href: "/jobs/1".to_owned(),
        class: "running",
        shape: "\u{25cf}",
        status: text(),
        progress: text(),
        running: true,
        findings: vec![crate::console::report::Finding {
            column: text(),
            rule: text(),
            count: 2,
            lines: text(),
        }],
        changes: vec![text()],
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
    let (sources, source) = runs::samples(|| frame(lang), &text());
    let (queue, request) = airlock::samples(|| frame(lang), &text());
    vec![
        page("sources.html", &sources),
        page("source.html", &source),
        page("airlock.html", &queue),
        page("airlock_request.html", &request),
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
        open: true,
        provider: text(),
        version: text(),
        rows: text(),
        columns: vec![column(false), column(true)],
    };
    let query = |cancelled| running::RunningView {
        name: text(),
        line: text(),
        cancelled,
    };
    workbench::WorkbenchPage {
        jobs: true,
        reviewable: true,
        only_reviewed: true,
        running: vec![query(false), query(true)],
        limits: running::LimitsView {
            line: text(),
            seconds: 60,
            ..running::LimitsView::default()
        },
        frame: frame(lang),
        number: text(),
        purpose: text(),
        expires_on: "2031-01-19".to_owned(),
        case_href: "/x".to_owned(),
        closed: closed.then(card),
        legend: vec![each()],
        tables: vec![table],
        action: "/permits/x".to_owned(),
        form_key: text(),
        sql: text(),
        checked: true,
        card: Some(card()),
        before: text(),
        fragment: text(),
        after: text(),
        nearest: text(),
        rewritten: text(),
        answer: Some(answer()),
        budget: budget::BudgetView {
            locked: false,
            offered: true,
            chosen: true,
            bars: vec![budget::BarView {
                table: text(),
                left: 400,
                queries: text(),
                epsilon: text(),
            }],
            answered: text(),
        },
        told: Some(budget::ToldView {
            figures: vec![budget::FigureView {
                name: text(),
                error: text(),
            }],
            cost: text(),
            epsilon: text(),
            left: text(),
            least: text(),
        }),
        missing: Some(explaining::MissingView {
            columns: vec![explaining::MissingColumn {
                table: text(),
                column: text(),
                uses: vec![each()],
                finer: true,
            }],
            join_risk: true,
            fusion: true,
            card: Some(card()),
        }),
        marginals: super::super::marginals::sample(&text()),
        own: own::OwnView {
            open: true,
            closed: String::new(),
            action: "/permits/x/own-lists".to_owned(),
            form_key: text(),
            must: vec![text()],
            domains: vec![("person".to_owned(), text())],
            rows: vec![own::OwnRow {
                name: text(),
                columns: text(),
                size: text(),
                version: 0,
                on: "2031-01-19".to_owned(),
                state: text(),
                take_back: "/permits/x/own-lists/y/take-back".to_owned(),
            }],
        },
    }
}

pub(super) fn product_pages(lang: Language) -> Vec<Rendered> {
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
        form_key: text(),
        keys: vec![products::KeyRow {
            key_id: text(),
            customer: text(),
            quota: 100,
            calls: 3,
        }],
        identity: Some(IdentityPanel {
            action: "/products/x/identity".to_owned(),
            form_key: text(),
            facts: vec![labelled()],
            own: true,
            tables: vec![text()],
            customers: vec![("body_x".to_owned(), text())],
            token: Some(text()),
            done: Some(text()),
        }),
        lineage: super::dataset::lineage_part(),
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
