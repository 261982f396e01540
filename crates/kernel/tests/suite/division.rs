//! Division codes and their tree.

use proptest::prelude::*;
use shuyu_kernel::{
    cn::{DivisionCode, DivisionCodeError, DivisionLevel},
    division::{DivisionTree, DivisionTreeError},
};

fn code(text: &str) -> DivisionCode {
    text.parse().unwrap()
}

#[test]
fn all_written_forms_of_one_division_are_equal() {
    let table = [
        (
            &["99", "9900", "990000", "990000000", "990000000000"][..],
            DivisionLevel::Province,
            "990000",
            "99",
        ),
        (
            &["9912", "991200", "991200000000"],
            DivisionLevel::Prefecture,
            "991200",
            "9912",
        ),
        (
            &["991203", "991203000", "991203000000"],
            DivisionLevel::County,
            "991203",
            "991203",
        ),
        (
            &["991203004", "991203004000"],
            DivisionLevel::Township,
            "991203004000",
            "991203004",
        ),
        (
            &["991203004005"],
            DivisionLevel::Village,
            "991203004005",
            "991203004005",
        ),
    ];
    for (forms, level, shown, short) in table {
        for form in forms {
            let found = code(form);
            assert_eq!(
                (found.level(), found.to_string().as_str()),
                (level, shown),
                "{form}"
            );
            assert_eq!(
                (found.short().as_str(), found.twelve().len()),
                (short, 12),
                "{form}"
            );
        }
    }
}

#[test]
fn malformed_codes_get_a_precise_reason() {
    use DivisionCodeError as E;
    let table = [
        ("", E::Length { found: 0 }),
        ("5", E::Length { found: 1 }),
        ("53010", E::Length { found: 5 }),
        ("5301020010010", E::Length { found: 13 }),
        ("53a102", E::Character { place: 3 }),
        ("５30102", E::Character { place: 1 }),
        ("-30102", E::Character { place: 1 }),
        ("030102", E::Province),
        ("000000", E::Province),
        ("530002", E::Gap),
        ("530000001", E::Gap),
        ("530102000001", E::Gap),
    ];
    for (text, error) in table {
        assert_eq!(text.parse::<DivisionCode>().unwrap_err(), error, "{text}");
    }
}

#[test]
fn parents_go_up_level_by_level() {
    let mut chain = vec![code("991203004005")];
    while let Some(parent) = chain.last().unwrap().parent() {
        chain.push(parent);
    }
    let shown: Vec<String> = chain.iter().map(|c| c.short()).collect();
    assert_eq!(shown, ["991203004005", "991203004", "991203", "9912", "99"]);
    // A prefecture without counties: the township hangs under it.
    assert_eq!(code("441900003").parent(), Some(code("4419")));
    assert_eq!(code("441900003001").parent(), Some(code("441900003")));
}

#[test]
fn containing() {
    let table = [
        ("99", "991203004005", true),
        ("9912", "991203", true),
        ("9912", "9913", false),
        ("991203", "9912", false),
        ("991203", "991203", true),
        ("991203004", "991203004999", true),
        ("991203004", "991203005001", false),
        ("441900", "441900003001", true),
    ];
    for (outer, inner, expected) in table {
        assert_eq!(code(outer).contains(code(inner)), expected, "{outer} {inner}");
    }
}

#[test]
fn serialises_as_text_and_checks_when_read() {
    assert_eq!(serde_json::to_string(&code("9912")).unwrap(), "\"991200\"");
    assert_eq!(
        serde_json::from_str::<DivisionCode>("\"991203004\"").unwrap(),
        code("991203004000")
    );
    assert!(serde_json::from_str::<DivisionCode>("\"990001\"").is_err());
}

const ROWS: [(&str, &str); 7] = [
    ("991203004005", "清溪村"),
    ("99", "虚构省"),
    ("9912", "虚构州"),
    ("991203", "虚构县"),
    ("991203004", "云岭镇"),
    ("9913", "无县市"),
    ("991300001", "东街道"),
];

fn tree(rows: &[(&str, &str)]) -> Result<DivisionTree, DivisionTreeError> {
    DivisionTree::from_rows(rows.iter().map(|(c, name)| (code(c), *name)))
}

#[test]
fn a_tree_from_rows_in_any_order() {
    let tree = tree(&ROWS).unwrap();
    assert_eq!((tree.len(), tree.roots()), (7, &[code("99")][..]));
    assert_eq!(tree.name(code("9912")), Some("虚构州"));
    assert_eq!(
        tree.full_name(code("991203004005")).unwrap(),
        "虚构省虚构州虚构县云岭镇清溪村"
    );
    assert_eq!(
        tree.ancestors(code("991203004")),
        [code("991203"), code("9912"), code("99")]
    );
    assert_eq!(tree.children(code("99")), [code("9912"), code("9913")]);
    assert_eq!(tree.children(code("9913")), [code("991300001")]);
    let within: Vec<&str> = tree.within(code("9912")).map(|(_, name)| name).collect();
    assert_eq!(within, ["虚构州", "虚构县", "云岭镇", "清溪村"]);
}

#[test]
fn unknown_codes_have_nothing() {
    let tree = tree(&ROWS).unwrap();
    let unknown = code("9999");
    assert!(!tree.has(unknown) && tree.name(unknown).is_none() && tree.full_name(unknown).is_none());
    assert!(tree.ancestors(unknown).is_empty() && tree.children(unknown).is_empty());
    assert_eq!(tree.within(unknown).count(), 0);
    assert!(
        DivisionTree::from_rows(Vec::<(DivisionCode, String)>::new())
            .unwrap()
            .is_empty()
    );
}

#[test]
fn rows_that_make_no_tree_are_refused() {
    let orphan = tree(&[("99", "省"), ("991203", "县")]).unwrap_err();
    assert_eq!(
        orphan,
        DivisionTreeError::Orphan {
            code: code("991203"),
            parent: code("9912")
        }
    );
    let twice = tree(&[("99", "省"), ("990000", "别省")]).unwrap_err();
    let (first, second) = ("省".to_owned(), "别省".to_owned());
    assert_eq!(
        twice,
        DivisionTreeError::Duplicate {
            code: code("99"),
            first,
            second
        }
    );
    assert_eq!(
        tree(&[("99", " ")]).unwrap_err(),
        DivisionTreeError::EmptyName(code("99"))
    );
    // Official files repeat a prefecture without counties as its own county.
    assert_eq!(
        tree(&[("99", "省"), ("9913", "市"), ("991300", "市")])
            .unwrap()
            .len(),
        2
    );
}

proptest! {
    #[test]
    fn a_parent_contains_its_child_and_stands_before_it(text in "[1-9][0-9]{11}", junk in "\\PC{0,14}") {
        if let Ok(found) = text.parse::<DivisionCode>() {
            prop_assert_eq!(found.to_string().parse(), Ok(found));
            prop_assert_eq!(found.short().parse(), Ok(found));
            prop_assert!(found.contains(found));
            if let Some(parent) = found.parent() {
                prop_assert!(parent < found && parent.level() < found.level());
                prop_assert!(parent.contains(found) && !found.contains(parent));
            } else {
                prop_assert_eq!(found.level(), DivisionLevel::Province);
            }
        }
        let _ = junk.parse::<DivisionCode>();
    }
}
