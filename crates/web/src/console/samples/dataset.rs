//! A sample of the page of a dataset.

use super::{choice, frame, labelled, text};
use crate::{
    console::{dataset, governance, lineage, quality, retention, zone},
    i18n::Language,
    page::parts::Link,
};

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

fn quality_part() -> quality::QualityPart {
    let line = |value: Option<u32>, sample: String| quality::CheckRow {
        version: 2,
        track: text(),
        who: text(),
        entry_href: "/ledger/9".to_owned(),
        rows: text(),
        bad: vec![text()],
        scores: vec![quality::ScoreCell {
            label: text(),
            value,
            text: text(),
        }],
        sample,
        found: vec![quality::FoundRow {
            column: text(),
            rule: text(),
            dimension: text(),
            checked: 10,
            bad: 1,
            share: text(),
            holds: text(),
            first: text(),
        }],
    };
    quality::QualityPart {
        shown: true,
        href: "/datasets/x/checks".to_owned(),
        checks: vec![line(Some(9_000), text()), line(None, String::new())],
        may_self: true,
        may_spot: true,
        versions: vec![2, 1],
        rules: vec![quality::RuleLine {
            number: 1,
            columns: vec![choice("a")],
            rules: vec![choice("present")],
            value: text(),
            at_most: 5,
        }],
        sample: 300,
    }
}

pub(super) fn lineage_part() -> lineage::LineagePart {
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

pub(super) fn dataset_page(lang: Language) -> dataset::DatasetPage {
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
        quality: quality_part(),
        lineage: lineage_part(),
        report: vec![labelled()],
    }
}
