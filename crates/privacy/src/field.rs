//! Arithmetic modulo the prime 2⁶¹ − 1, and sparse rows over it.

const PRIME: u64 = (1 << 61) - 1;

/// A row: coefficients other than 0 by column, columns growing.
pub(crate) type Row = Vec<(u32, u64)>;

fn times(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b) % u128::from(PRIME);
    // Below 2⁶¹.
    u64::try_from(product).unwrap_or_default()
}

fn minus(a: u64, b: u64) -> u64 {
    if a >= b { a - b } else { a + PRIME - b }
}

/// The inverse of a number other than 0 (Fermat).
fn inverse(a: u64) -> u64 {
    let (mut power, mut base, mut left) = (1, a, PRIME - 2);
    while left > 0 {
        if left & 1 == 1 {
            power = times(power, base);
        }
        base = times(base, base);
        left >>= 1;
    }
    power
}

/// The coefficient in a column.
pub(crate) fn at(row: &Row, column: u32) -> u64 {
    let found = row.binary_search_by_key(&column, |(c, _)| *c);
    found
        .ok()
        .and_then(|place| row.get(place))
        .map_or(0, |(_, value)| *value)
}

/// The row, divided so that it has 1 in a column in which it is not 0.
pub(crate) fn scaled(row: &mut Row, column: u32) {
    let by = inverse(at(row, column));
    for (_, value) in row {
        *value = times(*value, by);
    }
}

/// `row − factor · other`.
pub(crate) fn reduced(row: &Row, factor: u64, other: &Row) -> Row {
    let mut result = Vec::with_capacity(row.len() + other.len());
    let (mut ours, mut theirs) = (row.iter().peekable(), other.iter().peekable());
    loop {
        let next = match (ours.peek(), theirs.peek()) {
            (None, None) => return result,
            (Some((a, _)), Some((b, _))) => *a.min(b),
            (Some((a, _)), None) => *a,
            (None, Some((b, _))) => *b,
        };
        let mine = ours.next_if(|(c, _)| *c == next).map_or(0, |(_, v)| *v);
        let their = theirs.next_if(|(c, _)| *c == next).map_or(0, |(_, v)| *v);
        let value = minus(mine, times(factor, their));
        if value != 0 {
            result.push((next, value));
        }
    }
}

/// What `second` must be multiplied by to cancel `first` in a column of both.
pub(crate) fn ratio(first: &Row, second: &Row, column: u32) -> u64 {
    times(at(first, column), inverse(at(second, column)))
}
