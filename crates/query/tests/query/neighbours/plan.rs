//! Random plans over the allow-list: what a statement reads, filters, groups by and releases, and what stands above.

use super::{
    figure::{Figure, What},
    further,
    words::{Key, Predicate, Source},
};
use crate::dice::Dice;

/// What stands above the release, or around it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Above {
    Nothing,
    /// The release as a CTE.
    Named,
    /// `HAVING` the first figure above a bound.
    Having(i64),
    /// The first figure divided by the second.
    Ratio,
    /// The greatest first figures.
    Greatest(usize),
    /// A rank by the first figure.
    Rank,
}

/// A plan.
#[derive(Clone)]
pub struct Plan {
    pub source: Source,
    /// Filters that are put into a CTE or the inner aggregate rather than into WHERE.
    pub inner: Vec<Predicate>,
    pub filters: Vec<Predicate>,
    pub keys: Vec<Key>,
    /// Grouping sets, as places of keys, and the words for them.
    pub sets: Vec<Vec<usize>>,
    grouped: String,
    pub figures: Vec<Figure>,
    pub above: Above,
    /// The filters of a second release in the same statement; all else is as in the first.
    pub second: Option<Vec<Predicate>>,
}

impl Plan {
    /// The plan of a seed.
    pub fn of(seed: u64) -> Self {
        let (dice, further) = (&mut Dice::new(seed), &mut Dice::new(!seed));
        let source = dice.weighted(&Source::ALL);
        let source = further.weighted(&[(72, source), (13, Source::Outer), (15, Source::Listed)]);
        let filters = dice.weighted(&[(45, 0), (40, 1), (15, 2)]);
        let mut filters: Vec<Predicate> = (0..filters).map(|_| Predicate::any(dice, source)).collect();
        let inner = match source {
            Source::Person if dice.happens(25) => vec![Predicate::any(dice, source)],
            Source::Subjects if dice.happens(50) => vec![Predicate::any(dice, Source::Visit)],
            _ => Vec::new(),
        };
        let mut all = Key::all(source);
        let many = dice.weighted(&[(20, 0usize), (50, 1), (30, 2)]).min(all.len());
        let keys: Vec<Key> = (0..many)
            .map(|_| all.remove(usize::try_from(dice.below(all.len() as u64)).unwrap()))
            .collect();
        let figures = dice.weighted(&[(45, 1), (40, 2), (15, 3)]);
        let mut figures: Vec<Figure> = (0..figures).map(|_| Figure::any(dice, source)).collect();
        let (sets, grouped) = Self::sets(dice, keys.len());
        let mut above = dice.weighted(&[
            (50, Above::Nothing),
            (10, Above::Named),
            (10, Above::Having(dice.clone().within(15, 60))),
            (10, Above::Ratio),
            (
                10,
                Above::Greatest(usize::try_from(dice.clone().within(1, 4)).unwrap()),
            ),
            (10, Above::Rank),
        ]);
        if !grouped.is_empty() || keys.is_empty() {
            above = if above == Above::Ratio {
                Above::Ratio
            } else {
                Above::Nothing
            };
        }
        let count = Figure {
            what: What::Rows,
            measure: None,
            branch: None,
            of: None,
        };
        match above {
            Above::Having(_) | Above::Greatest(_) => figures.insert(0, count),
            Above::Ratio if figures.len() < 2 => figures.push(count),
            _ => {}
        }
        filters.extend(further::filters(further, source));
        further::spread(further, &mut figures);
        let alone = !matches!(above, Above::Nothing | Above::Named);
        let second = (!alone && further.happens(20)).then(|| {
            let other = (0..further.below(2)).map(|_| Predicate::any(further, source));
            let other: Vec<Predicate> = other.collect();
            other
                .into_iter()
                .chain(further::filters(further, source))
                .collect()
        });
        Self {
            source,
            inner,
            filters,
            keys,
            sets,
            grouped,
            figures,
            above,
            second,
        }
    }

    fn sets(dice: &mut Dice, keys: usize) -> (Vec<Vec<usize>>, String) {
        let all: Vec<usize> = (0..keys).collect();
        if keys == 0 || !dice.happens(22) {
            return (vec![all], String::new());
        }
        match (keys, dice.below(3)) {
            (1, _) => (vec![vec![0], vec![]], "ROLLUP (1)".into()),
            (_, 0) => (vec![vec![0, 1], vec![0], vec![]], "ROLLUP (1, 2)".into()),
            (_, 1) => (vec![vec![0, 1], vec![0], vec![1], vec![]], "CUBE (1, 2)".into()),
            _ => (
                vec![vec![0], vec![1], vec![]],
                "GROUPING SETS ((1), (2), ())".into(),
            ),
        }
    }

    pub fn has_sets(&self) -> bool {
        !self.grouped.is_empty()
    }

    /// The number that `grouping()` of all keys has for a set: left-out keys as bits, the last key last.
    pub fn number(&self, set: &[usize]) -> u64 {
        let bits = (0..self.keys.len()).map(|key| u64::from(!set.contains(&key)));
        bits.fold(0, |number, bit| number << 1 | bit)
    }

    fn from(&self) -> String {
        let inner: Vec<&str> = self
            .inner
            .iter()
            .map(|predicate| predicate.sql.as_str())
            .collect();
        let inner = if inner.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", inner.join(" AND "))
        };
        match self.source {
            Source::Person if self.inner.is_empty() => "person p".into(),
            Source::Person => "c p".into(),
            Source::Register => "person p JOIN region r ON p.area = r.area".into(),
            Source::Visit => "visit v".into(),
            Source::Numbered => {
                "(SELECT id_no, visit_date, dept, cost, row_number() OVER (PARTITION BY id_no \
                                 ORDER BY visit_date) AS rn FROM visit) v"
                    .into()
            }
            Source::Both => "person p JOIN visit v ON p.id_no = v.id_no".into(),
            Source::Outer => "person p LEFT JOIN visit v ON p.id_no = v.id_no".into(),
            Source::Listed => "own u JOIN person p ON u.id_no = p.id_no".into(),
            Source::Subjects => {
                format!("(SELECT id_no, count(*) AS n, sum(cost) AS c FROM visit v{inner} GROUP BY id_no) s")
            }
        }
    }

    fn release(&self, filters: &[Predicate]) -> String {
        let keys: Vec<String> = self
            .keys
            .iter()
            .enumerate()
            .map(|(place, key)| format!("{} AS k{place}", key.sql))
            .collect();
        let mut columns = keys.clone();
        let names: Vec<&str> = self.keys.iter().map(|key| key.sql).collect();
        if self.has_sets() {
            columns.push(format!("grouping({}) AS g", names.join(", ")));
        }
        let id = match self.source {
            Source::Both | Source::Outer | Source::Listed => "count(DISTINCT p.id_no)",
            _ => "count(DISTINCT id_no)",
        };
        columns.extend(self.figures.iter().enumerate().map(|(place, figure)| {
            let sql = figure.sql();
            let sql = if sql == "count(DISTINCT id_no)" {
                id.to_owned()
            } else {
                sql
            };
            format!("{sql} AS f{place}")
        }));
        let mut sql = format!("SELECT {} FROM {}", columns.join(", "), self.from());
        if !filters.is_empty() {
            let filters: Vec<&str> = filters.iter().map(|predicate| predicate.sql.as_str()).collect();
            sql += &format!(" WHERE {}", filters.join(" AND "));
        }
        if self.has_sets() {
            // Digits are places of keys, from 1.
            let named = |letter: char| match letter.to_digit(10) {
                Some(digit) => names[digit as usize - 1].to_owned(),
                None => letter.to_string(),
            };
            let grouped: String = self.grouped.chars().map(named).collect();
            sql += &format!(" GROUP BY {grouped}");
        } else if !names.is_empty() {
            sql += &format!(" GROUP BY {}", names.join(", "));
        }
        sql
    }

    /// The statement.
    pub fn sql(&self) -> String {
        let release = self.release(&self.filters);
        let columns = (0..self.keys.len()).map(|place| format!("k{place}"));
        let g = self.has_sets().then(|| "g".to_owned());
        let figures = (0..self.figures.len()).map(|place| format!("f{place}"));
        let columns: Vec<String> = columns.chain(g).chain(figures).collect();
        let columns = columns.join(", ");
        let second = self.second.as_ref().map(|filters| self.release(filters));
        let both = format!("SELECT 0 AS b, {columns} FROM one UNION ALL SELECT 1, {columns} FROM two");
        let sql = match (self.above, second) {
            (Above::Named, Some(second)) => format!("WITH one AS ({release}), two AS ({second}) {both}"),
            (_, Some(second)) => both
                .replace("FROM one", &format!("FROM ({release}) one"))
                .replace("FROM two", &format!("FROM ({second}) two")),
            (above, None) => self.alone(above, &release, &columns),
        };
        self.with_inner(sql)
    }

    /// A statement of one release.
    fn alone(&self, above: Above, release: &str, columns: &str) -> String {
        let over = |more: &str| format!("SELECT {columns}{more} FROM ({release}) b");
        match above {
            Above::Nothing => release.to_owned(),
            Above::Named => format!("WITH b AS ({release}) SELECT {columns} FROM b"),
            Above::Having(bound) => format!("{release} HAVING count(*) > {bound}"),
            Above::Ratio => over(", f0 * 1.0 / nullif(f1, 0) AS x"),
            Above::Greatest(many) => format!("{release} ORDER BY f0 DESC LIMIT {many}"),
            Above::Rank => over(", rank() OVER (ORDER BY f0 DESC) AS x"),
        }
    }

    /// The statement with its inner filters in a table of its own, if they are not inside an aggregate.
    fn with_inner(&self, sql: String) -> String {
        if self.source == Source::Person && !self.inner.is_empty() {
            let inner: Vec<&str> = self
                .inner
                .iter()
                .map(|predicate| predicate.sql.as_str())
                .collect();
            let c = format!(
                "c AS (SELECT id_no, area, sex, birth, income, benefit, diagnosis FROM person p WHERE {})",
                inner.join(" AND ")
            );
            return match sql.strip_prefix("WITH ") {
                Some(rest) => format!("WITH {c}, {rest}"),
                None => format!("WITH {c} {sql}"),
            };
        }
        sql
    }
}
