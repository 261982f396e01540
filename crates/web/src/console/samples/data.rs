//! Samples of data use, releases, products and data.

use super::{Rendered, card, chips, choice, frame, labelled, openable, page, text};
use crate::{
    console::{
        airlock, budget, dataset, datasets, explaining, governance, identity::IdentityPanel, lineage, own,
        permits, products, retention, running, runs, workbench, zone,
    },
    i18n::Language,
    page::parts::Link,
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

fn governance_part() -> governance::GovernancePart {
    governance::GovernancePart {
        may_order: true,
        shown: true,
        href: "/datasets/x".to_owned(),
        columns: vec![text(), text()],
        grade: vec![labelled()],
        fields: vec![governance::FieldRow {
            column: text(),
            kind: text(),
            confidence: text(),
            valid: text(),
            level: 4,
            reason: text(),
        }],
        figures: vec![labelled()],
        sizes: vec![governance::SizeRow {
            label: text(),
            classes: 2,
            rows: 10,
            percent: 40,
        }],
        diversity: vec![governance::DiversityRow {
            column: text(),
            distinct: 3,
            entropy: text(),
            recursive: text(),
            closeness: text(),
            distance: text(),
        }],
    }
}

fn lineage_part() -> lineage::LineagePart {
    let link = || Link {
        href: "/x".to_owned(),
        label: text(),
    };
    lineage::LineagePart {
        made: vec![lineage::MadeRow {
            href: "/x".to_owned(),
            label: text(),
            origin: text(),
            columns: vec![lineage::ColumnRow {
                column: text(),
                source: text(),
                steps: text(),
            }],
        }],
        derived: vec![link()],
        releases: vec![link()],
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
    let dataset = dataset_page(lang);
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
        own: own::OwnView {
            open: true,
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
        lineage: lineage_part(),
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

fn dataset_page(lang: Language) -> dataset::DatasetPage {
    let version = dataset::Version {
        number: 2,
        rows: 10,
        erased: 1,
        at: text(),
        by: text(),
        why: text(),
        case_href: "/cases/x".to_owned(),
        how: vec![text()],
        columns: text(),
        digests: vec![text()],
        entry_href: "/ledger/1".to_owned(),
        impact_href: "/datasets/x?impact=2#impact".to_owned(),
    };
    let erasure = dataset::Erasure {
        reason: text(),
        ordered_href: "/ledger/2".to_owned(),
        proved_href: "/ledger/3".to_owned(),
        subject: text(),
        gone: text(),
    };
    let link = |n: u32| Link {
        href: format!("/ledger/{n}"),
        label: text(),
    };
    let rule = |way_out: String| zone::RuleRow {
        rule: text(),
        said: text(),
        way_out,
    };
    dataset::DatasetPage {
        retention: retention::RetentionPart {
            terms: vec![labelled()],
            rows: vec![retention::KeptRow {
                number: 1,
                until: text(),
                raw: text(),
                pins: vec![link(5)],
                entries: vec![link(6)],
            }],
        },
        zone: zone::ZonePart {
            zone: text(),
            rules: vec![rule(String::new()), rule(text())],
            ..zone::ZonePart::default()
        },
        frame: frame(lang),
        table: text(),
        href: "/datasets/x".to_owned(),
        facts: vec![labelled()],
        case_href: "/x".to_owned(),
        case_title: text(),
        entry_href: "/ledger/1".to_owned(),
        columns: vec![text()],
        versions: vec![version],
        asked: text(),
        impact: vec![Link {
            href: "/ledger/4".to_owned(),
            label: text(),
        }],
        erasures: vec![erasure],
        may_erase: true,
        key: text(),
        unit_columns: vec!["id".to_owned()],
        reasons: vec![choice("unlawful")],
        governance: governance_part(),
        lineage: lineage_part(),
        report: vec![labelled()],
    }
}
