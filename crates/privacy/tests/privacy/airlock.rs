//! Made-up tables, the search for identifiers, and the evidence beside a table.

use std::collections::BTreeMap;

use shuyu_kernel::{CivilDate, CreditCode, ResidentId};
use shuyu_privacy::{
    Bounds, DateGrain, Grain,
    dummy::{DummyColumnSpec, DummySpec, DummyTable, DummyType, DummyValues, UNITS, make, marginal},
    evidence::{CsvTable, NotATable},
    scan::{Finds, Identifier, LINES_KEPT, scan},
};

fn column(name: &str, kind: DummyType) -> DummyColumnSpec {
    DummyColumnSpec {
        name: name.to_owned(),
        kind,
        domain: None,
        bounds: None,
        grain: None,
        codes: Vec::new(),
        marginal: Vec::new(),
    }
}

fn specs() -> BTreeMap<String, DummySpec> {
    let unit = DummyColumnSpec {
        domain: Some("person".to_owned()),
        ..column("id_no", DummyType::Text)
    };
    let age = DummyColumnSpec {
        bounds: Some(Bounds { low: 18, high: 65 }),
        ..column("age", DummyType::Integer)
    };
    let area = DummyColumnSpec {
        codes: vec!["530102".to_owned(), "530103".to_owned()],
        ..column("area", DummyType::Text)
    };
    let sex = DummyColumnSpec {
        marginal: vec![("f".to_owned(), 9), ("m".to_owned(), 1)],
        ..column("sex", DummyType::Text)
    };
    let joined = DummyColumnSpec {
        grain: Some(Grain::Date(DateGrain::Month)),
        ..column("joined_on", DummyType::Date)
    };
    let persons = DummySpec {
        columns: vec![unit.clone(), age, area, sex],
        rows_per_unit: 1,
    };
    let visits = DummySpec {
        columns: vec![
            unit,
            joined,
            column("paid", DummyType::Number),
            column("ok", DummyType::Bool),
        ],
        rows_per_unit: 100,
    };
    [("persons".to_owned(), persons), ("visits".to_owned(), visits)].into()
}

fn texts<'a>(table: &'a DummyTable, name: &str) -> &'a [Option<String>] {
    let column = table.columns.iter().find(|column| column.name == name).unwrap();
    match &column.values {
        DummyValues::Text(values) => values,
        other => panic!("{other:?}"),
    }
}

#[test]
fn made_up_tables_have_the_declared_shape_and_share_their_subjects() {
    let tables = make(&specs(), 7);
    assert_eq!(tables, make(&specs(), 7), "the same seed gives the same tables");
    assert_ne!(tables, make(&specs(), 8));
    let (persons, visits) = (&tables["persons"], &tables["visits"]);
    let names: Vec<&str> = persons
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!(names, ["id_no", "age", "area", "sex"]);
    let DummyValues::Integer(ages) = &persons.columns[1].values else {
        panic!("whole numbers")
    };
    assert!(ages.iter().flatten().all(|age| (18..=65).contains(age)));
    assert!(
        ages.iter().any(Option::is_none),
        "values are missing as in real tables"
    );
    let areas = texts(persons, "area").iter().flatten();
    assert!(areas.clone().all(|area| area.starts_with("53010")) && areas.count() > 100);
    let women = texts(persons, "sex")
        .iter()
        .flatten()
        .filter(|sex| *sex == "f")
        .count();
    assert!(women > persons.len() / 2, "the marginal is followed");
    let DummyValues::Date(days) = &visits.columns[1].values else {
        panic!("days")
    };
    assert!(
        days.iter().flatten().all(|day: &CivilDate| day.day() == 1),
        "no finer than the grain"
    );
    let one: std::collections::BTreeSet<_> = texts(persons, "id_no").iter().flatten().collect();
    assert_eq!(one.len(), persons.len(), "one row of one subject");
    let several: std::collections::BTreeSet<_> = texts(visits, "id_no").iter().flatten().collect();
    assert!(several.len() < visits.len() && several.intersection(&one).count() > 100);
    assert!(persons.len() as u64 <= UNITS && !persons.is_empty());
    assert_eq!(visits.rows().len(), visits.len());
    let all: Vec<String> = visits
        .rows()
        .into_iter()
        .chain(persons.rows())
        .map(|row| row.join(","))
        .collect();
    let all = all.join("\n");
    assert_eq!(
        scan(&all, &[]),
        Finds::new(),
        "nothing made up looks like an identifier"
    );
}

/// Values of the only column of a made-up table about 200 subjects with a row each, more or less.
fn of_one(column: DummyColumnSpec) -> Vec<String> {
    let spec = DummySpec {
        columns: vec![column],
        rows_per_unit: 4,
    };
    let tables = make(&[("t".to_owned(), spec)].into(), 7);
    let rows = tables["t"].rows().into_iter().flatten();
    rows.filter(|value| !value.is_empty()).collect()
}

#[test]
fn values_occur_as_often_as_their_marginal_says() {
    let counts = [("gone", 0), ("below", -3), ("b", 60), ("c", 30), ("a", 10)];
    let weights = marginal(counts.map(|(value, count)| (value.to_owned(), count)));
    let named = |list: &[(&str, u64)]| -> Vec<(String, u64)> {
        list.iter()
            .map(|(value, weight)| ((*value).to_owned(), *weight))
            .collect()
    };
    assert_eq!(
        weights,
        named(&[("a", 10), ("b", 60), ("c", 30)]),
        "in the order of values"
    );
    let made = |marginal: Vec<(String, u64)>, kind| {
        of_one(DummyColumnSpec {
            marginal,
            ..column("x", kind)
        })
    };
    let values = made(weights.clone(), DummyType::Text);
    for (value, weight) in &weights {
        let share = values.iter().filter(|made| *made == value).count() as f64 / values.len() as f64;
        // More than three standard deviations of a share of some four hundred.
        assert!((share - *weight as f64 / 100.0).abs() < 0.08, "{value}: {share}");
    }
    assert_eq!(
        values,
        made(weights, DummyType::Text),
        "the same marginal, the same table"
    );
    // Of every type, and with weights that no sum of them overflows.
    for (kind, words) in [
        (DummyType::Bool, ["true", "false"]),
        (DummyType::Integer, ["7", "-7"]),
        (DummyType::Number, ["0.25", "1.5"]),
        (DummyType::Date, ["2024-02-29", "1987-03-12"]),
    ] {
        let rare = marginal(words.map(|word| word.to_owned()).into_iter().zip([i64::MAX, 1]));
        let values = made(rare, kind);
        assert!(values.iter().all(|value| value == words[0]), "{kind:?}");
    }
    let twice = [("a", 5), ("a", 9), ("a", 2)].map(|(value, count)| (value.to_owned(), count));
    assert_eq!(marginal(twice), named(&[("a", 9)]));
    // A subject is made up by number, whatever is said of the column.
    let subject = of_one(DummyColumnSpec {
        domain: Some("person".to_owned()),
        codes: vec!["110101198703120011".to_owned()],
        marginal: named(&[("110101198703120011", 1)]),
        ..column("id_no", DummyType::Text)
    });
    assert!(subject.iter().all(|name| name.starts_with("dummy-person-")));
}

#[test]
fn identifiers_are_found_wherever_they_hide() {
    let id = ResidentId::from_parts("530102", CivilDate::new(1990, 1, 1).unwrap(), 12).unwrap();
    let id = id.reveal().to_owned();
    let code = CreditCode::from_first_seventeen("91530100MA6K5X3T2").unwrap();
    let wide: String = id
        .chars()
        .map(|c| char::from_u32(c as u32 + 0xfee0).unwrap())
        .collect();
    let grouped = format!("{} {} {}", &id[..6], &id[6..14], &id[14..]);
    for (text, kind) in [
        (id.clone(), Identifier::ResidentId),
        (format!("key_{id}.txt"), Identifier::ResidentId),
        (format!("x9{id}9"), Identifier::ResidentId),
        (wide, Identifier::ResidentId),
        (grouped, Identifier::ResidentId),
        (code.as_str().to_owned(), Identifier::CreditCode),
        ("13812345678".to_owned(), Identifier::Phone),
        ("+8613812345678,1".to_owned(), Identifier::Phone),
        ("tel 138-1234-5678".to_owned(), Identifier::Phone),
    ] {
        let finds = scan(&format!("area,n\n1,{text}\n"), &[]);
        assert_eq!(finds, [(kind, vec![2])].into(), "{text}");
    }
    let mut wrong = id.clone();
    let last = if wrong.ends_with('1') { "2" } else { "1" };
    wrong.replace_range(17.., last);
    for harmless in [
        &wrong,
        "530102,120\n530103,85",
        "12345678901",
        "2026-02-01 10:00:00",
        "0.1234567890123",
    ] {
        assert_eq!(scan(harmless, &[]), Finds::new(), "{harmless}");
    }
    let sealed = ["name".to_owned(), "姓名".to_owned()];
    for (text, found) in [
        ("Name,n", true),
        ("surname,n", false),
        ("按姓名分组", true),
        ("姓 名", false),
    ] {
        assert_eq!(!scan(text, &sealed).is_empty(), found, "{text}");
    }
    let many = "13812345678\n".repeat(30);
    assert_eq!(scan(&many, &[])[&Identifier::Phone].len(), LINES_KEPT);
}

#[test]
fn a_table_stands_beside_its_evidence() {
    let bytes = b"area,n,share,note\nb,120,0.123456,\na,5,12.5,x\nc,0,,NA\n";
    let table = CsvTable::read(bytes).unwrap().canonical();
    assert_eq!(table.rows[0], ["a", "5", "12.5", "x"], "rows are sorted");
    assert_eq!(table.rows[1][2], "0.1235", "four digits");
    assert_eq!(CsvTable::read(&table.write().unwrap()).unwrap(), table);
    let [area, n, share, note] = &table.summary(10)[..] else {
        panic!("four columns")
    };
    assert_eq!(
        (area.kind.as_str(), area.distinct, area.max.as_deref()),
        ("text", 3, None)
    );
    assert_eq!((n.kind.as_str(), n.small_counts, n.below_k), ("whole", 1, 1));
    assert_eq!(
        (n.min_nonzero.as_deref(), n.max.as_deref(), n.sum.as_deref()),
        (Some("5"), Some("120"), Some("125"))
    );
    assert_eq!(n.divisible_by, Some(5));
    assert_eq!(
        (
            share.kind.as_str(),
            share.nulls,
            share.small_counts,
            share.below_k
        ),
        ("number", 1, 0, 1)
    );
    assert_eq!((note.nulls, note.kind.as_str()), (2, "text"));
    let fine = CsvTable::read(b"code\n530102\n").unwrap().canonical();
    assert_eq!(fine.rows[0][0], "530102", "a code is no measurement");
    for wrong in [&b"a,b\n1\n"[..], b"", b"a\n\xff\xfe\n"] {
        assert_eq!(CsvTable::read(wrong), Err(NotATable));
    }
}
