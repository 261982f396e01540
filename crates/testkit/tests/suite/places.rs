//! Division registers make one tree under a province that does not exist.

use std::collections::BTreeSet;

use shuyu_kernel::{
    DivisionTree,
    cn::{DivisionCode, DivisionLevel},
};
use shuyu_testkit::registers as r;

use crate::support::{Writer, rows};

fn codes(writer: Writer, count: u64) -> Vec<(DivisionCode, String)> {
    rows(writer, 1, count)
        .iter()
        .map(|row| (row["code"].parse().unwrap(), row["name"].clone()))
        .collect()
}

#[test]
fn the_registers_join_into_one_tree() {
    let mut all = codes(r::write_provinces_csv, 1);
    all.extend(codes(r::write_cities_csv, 10));
    all.extend(codes(r::write_areas_csv, 150));
    all.extend(codes(r::write_streets_csv, 3_000));
    all.extend(codes(r::write_villages_csv, 75_000));
    let count = all.len();
    let tree = DivisionTree::from_rows(all).unwrap();
    assert_eq!(tree.len(), count);
    assert_eq!(
        tree.roots().iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["990000"]
    );
}

#[test]
fn the_columns_above_name_the_ancestors() {
    for row in rows(r::write_villages_csv, 1, 2_000) {
        let code: DivisionCode = row["code"].parse().unwrap();
        assert_eq!(code.level(), DivisionLevel::Village);
        let mut above = code;
        for column in ["streetCode", "areaCode", "cityCode", "provinceCode"] {
            above = above.parent().unwrap();
            assert_eq!(above.short(), row[column], "{code} {column}");
        }
    }
}

#[test]
fn codes_ascend_and_names_are_full_of_chinese() {
    let found = codes(r::write_villages_csv, 5_000);
    assert!(found.windows(2).all(|two| two[0].0 < two[1].0));
    let names: BTreeSet<&String> = found.iter().map(|(_, name)| name).collect();
    assert!(names.len() > 200);
    // Three bytes a character: all of them can be written in GB18030 and none needs quoting.
    assert!(names.iter().all(|name| name.len() == name.chars().count() * 3));
}
