//! The release ledger when much was answered: what it costs to judge one more sum.

use std::sync::Arc;

use shuyu_privacy::{
    Book, Contribution, Contributions, Draft, GateKey, Kind, Rules, Sought, Tally, Thresholds,
};

use super::{
    people::scattered,
    report::{Figure, Report},
    stopwatch::{Stopwatch, median},
};

const SECTION: &str = "release ledger";
/// Cells that one statement releases.
const CELLS: u64 = 1_000;
/// Subjects of a cell.
const SUBJECTS: u64 = 100;
/// Sums judged of each kind.
const JUDGED: u64 = 30;

/// A sum before it is asked for.
struct Cell {
    contributions: Contributions,
    tally: Tally,
}

impl Cell {
    /// So many subjects from a place on.
    fn new(from: u64, subjects: u64, thresholds: &Thresholds) -> Self {
        let one = |number| Contribution {
            unit: scattered(number),
            amount: 1.0,
        };
        let contributions: Contributions = (from..from + subjects).map(one).collect();
        let tally = Tally::of(&contributions, thresholds.k.value);
        Self { contributions, tally }
    }

    fn sought<'a>(&'a self, family: &'a str) -> Sought<'a> {
        Sought {
            family,
            kind: Kind::Count,
            contributions: &self.contributions,
            tally: &self.tally,
            one_row: true,
            fused: false,
            groups: &[],
        }
    }
}

/// Cells of a drill-down: eight, four and two of the finest together, then the finest.
fn drill_down(thresholds: &Thresholds) -> Vec<Cell> {
    let levels = [8, 4, 2, 1].map(|width| width * SUBJECTS);
    let cells = levels.into_iter().flat_map(|subjects| {
        let places = (0..CELLS * SUBJECTS / 2).step_by(usize::try_from(subjects).unwrap_or(1));
        places.map(move |from| Cell::new(from, subjects, thresholds))
    });
    cells.collect()
}

/// What judges.
struct Bench {
    key: GateKey,
    rules: Rules,
    thresholds: Thresholds,
    book: Arc<Book>,
}

impl Bench {
    fn draft(&self) -> Draft<'_> {
        Draft::new(&self.book, "party", &self.thresholds, &self.key, &self.rules)
    }

    /// Milliseconds from opening a draft to the verdict.
    fn judge(&self, family: &str, from: u64) -> f64 {
        let cell = Cell::new(from, SUBJECTS, &self.thresholds);
        let watch = Stopwatch::start();
        self.draft().answer(&cell.sought(family));
        watch.millis()
    }
}

/// Fills a ledger with so many answered sums, then asks for more.
pub(super) fn measure(report: &mut Report, sums: u64) -> anyhow::Result<()> {
    let mut bench = Bench {
        key: GateKey::new([1; 32]),
        rules: Rules::all(),
        thresholds: Thresholds::default(),
        book: Arc::default(),
    };
    let cells = drill_down(&bench.thresholds);
    let families = sums.div_ceil(CELLS);
    let watch = Stopwatch::start();
    for family in 0..families {
        let name = format!("measure {family}");
        let mut draft = bench.draft();
        for cell in &cells {
            draft.answer(&cell.sought(&name));
        }
        let remembered = draft.remembered("person")?;
        drop(draft);
        let book = Arc::make_mut(&mut bench.book);
        remembered.rows.iter().try_for_each(|row| book.read(row))?;
    }
    let held = bench.book.entries().count() as f64;
    let filled = held / watch.seconds();
    let note = format!("{held} sums of {SUBJECTS} subjects, {families} measures");
    report.add(Figure::new(SECTION, "answering and remembering", filled, "sums/s").note(note));
    for (what, further) in [
        ("asked before", 0),
        ("half a cell further", SUBJECTS / 2),
        ("other subjects", CELLS * SUBJECTS),
    ] {
        let judged = (0..JUDGED).map(|turn| {
            let family = format!("measure {}", turn % families);
            bench.judge(&family, turn * SUBJECTS + further)
        });
        let judged: Vec<f64> = judged.collect();
        report
            .add(Figure::new(SECTION, what, median(&judged), "ms").note("one sum, from opening the ledger"));
    }
    Ok(())
}
