//! Outputs written anew, so that a file holds what a reviewer sees and nothing beside it.
//!
//! Rule P2 of the data plane: rows sorted, at most four significant digits, pictures decoded and drawn again with a
//! palette and without metadata. The order of rows, the last digits of a number and the low bits of a colour would each
//! carry data past the eye.

use std::collections::BTreeMap;

use serde_json::Value;

/// Significant digits that remain (rule P2).
const DIGITS: usize = 4;
/// Longest cell or text, in characters. Platform default: longer is no label.
const TEXT_AT_MOST: usize = 200;
/// Columns of a table. Platform default.
const COLUMNS_AT_MOST: usize = 200;
/// Width and height of a picture, in pixels. Platform default: what one screen shows.
const PIXELS_AT_MOST: u32 = 4096;
/// Depth of a JSON value.
const DEPTH_AT_MOST: usize = 32;

/// A number at four significant digits; the shortest text of it.
pub(crate) fn rounded(value: f64) -> f64 {
    format!("{value:.*e}", DIGITS - 1).parse().unwrap_or(value)
}

/// A text a person can read: short, and without control, format or private characters, which carry data unseen.
fn readable(text: &str) -> Result<(), &'static str> {
    if text.chars().count() > TEXT_AT_MOST {
        return Err("output_text_too_long");
    }
    let unseen = |c: char| {
        c.is_control()
            || matches!(u32::from(c), 0x00AD | 0x180E | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F
                | 0xFE00..=0xFE0F | 0xFEFF | 0xE000..=0xF8FF | 0xE0000..=0x10FFFF)
    };
    if text.chars().any(unseen) {
        return Err("output_text_unseen");
    }
    Ok(())
}

/// A table: the heading, then its rows in the order of their text, figures rounded unless their column is a label.
/// Returns the bytes and the number of rows.
pub(crate) fn table(
    bytes: &[u8],
    labels: &[String],
    rows_at_most: u64,
) -> Result<(Vec<u8>, u64), &'static str> {
    let broken = |_| "output_table_broken";
    let mut reader = csv::ReaderBuilder::new().has_headers(true).from_reader(bytes);
    let heading: Vec<String> = reader
        .headers()
        .map_err(broken)?
        .iter()
        .map(str::to_owned)
        .collect();
    if heading.is_empty() || heading.len() > COLUMNS_AT_MOST {
        return Err("output_table_broken");
    }
    heading.iter().try_for_each(|text| readable(text))?;
    let mut rows: Vec<Vec<String>> = Vec::new();
    for record in reader.records() {
        if u64::try_from(rows.len()).unwrap_or(u64::MAX) >= rows_at_most {
            return Err("output_rows_too_many");
        }
        let record = record.map_err(broken)?;
        let cell = |(column, text): (&String, &str)| -> Result<String, &'static str> {
            readable(text)?;
            let text = text.trim();
            match text.parse::<f64>() {
                Ok(number) if number.is_finite() && !labels.contains(column) => {
                    Ok(rounded(number).to_string())
                }
                _ => Ok(text.to_owned()),
            }
        };
        rows.push(
            heading
                .iter()
                .zip(record.iter())
                .map(cell)
                .collect::<Result<_, _>>()?,
        );
    }
    rows.sort();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&heading).map_err(broken)?;
    for row in &rows {
        writer.write_record(row).map_err(broken)?;
    }
    let bytes = writer.into_inner().map_err(|_| "output_table_broken")?;
    Ok((bytes, u64::try_from(rows.len()).unwrap_or(u64::MAX)))
}

/// A JSON value with sorted keys, rounded fractions and readable texts.
pub(crate) fn json(bytes: &[u8]) -> Result<Value, &'static str> {
    let value: Value = serde_json::from_slice(bytes).map_err(|_| "output_json_broken")?;
    canonical(value, 0)
}

fn canonical(value: Value, depth: usize) -> Result<Value, &'static str> {
    if depth > DEPTH_AT_MOST {
        return Err("output_json_broken");
    }
    Ok(match value {
        Value::String(text) => {
            readable(&text)?;
            Value::String(text)
        }
        Value::Number(number) => match number.as_f64() {
            Some(float) => whole_or_fraction(rounded(float)),
            None => return Err("output_json_broken"),
        },
        Value::Array(values) => {
            let values = values.into_iter().map(|value| canonical(value, depth + 1));
            Value::Array(values.collect::<Result<_, _>>()?)
        }
        Value::Object(fields) => {
            let mut sorted = BTreeMap::new();
            for (key, value) in fields {
                readable(&key)?;
                sorted.insert(key, canonical(value, depth + 1)?);
            }
            Value::Object(sorted.into_iter().collect())
        }
        other => other,
    })
}

/// A whole number stays one, so that counts and indexes read as such.
fn whole_or_fraction(value: f64) -> Value {
    let text = value.to_string();
    text.parse::<i64>()
        .map_or_else(|_| Value::from(value), Value::from)
}

/// A picture: decoded within bounds, drawn again in 216 colours, with no chunk but what a picture needs.
pub(crate) fn picture(bytes: &[u8]) -> Result<Vec<u8>, &'static str> {
    let broken = |_| "output_picture_broken";
    let limits = png::Limits { bytes: 128 << 20 };
    let mut decoder = png::Decoder::new_with_limits(std::io::Cursor::new(bytes), limits);
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(broken)?;
    let (width, height) = (reader.info().width, reader.info().height);
    if width > PIXELS_AT_MOST || height > PIXELS_AT_MOST {
        return Err("output_picture_too_large");
    }
    let size = reader.output_buffer_size().ok_or("output_picture_too_large")?;
    let mut pixels = vec![0; size];
    let frame = reader.next_frame(&mut pixels).map_err(broken)?;
    let samples = frame.color_type.samples();
    let shown = pixels.get(..frame.buffer_size()).ok_or("output_picture_broken")?;
    let indexed: Vec<u8> = shown.chunks_exact(samples).map(colour).collect();
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette());
    let mut writer = encoder.write_header().map_err(|_| "output_picture_broken")?;
    writer
        .write_image_data(&indexed)
        .map_err(|_| "output_picture_broken")?;
    writer.finish().map_err(|_| "output_picture_broken")?;
    Ok(out)
}

/// Six steps of red, green and blue.
fn palette() -> Vec<u8> {
    let step = |i: u8| i * 51;
    (0..216u8)
        .flat_map(|i| [step(i / 36), step(i / 6 % 6), step(i % 6)])
        .collect()
}

/// The nearest colour of the palette; what is transparent is drawn on white.
fn colour(pixel: &[u8]) -> u8 {
    let (red, green, blue, alpha) = match *pixel {
        [grey] => (grey, grey, grey, 255),
        [grey, alpha] => (grey, grey, grey, alpha),
        [red, green, blue] => (red, green, blue, 255),
        [red, green, blue, alpha, ..] => (red, green, blue, alpha),
        [] => (255, 255, 255, 255),
    };
    let step = |value: u8| {
        let (value, alpha) = (u32::from(value), u32::from(alpha));
        let on_white = (value * alpha + 255 * (255 - alpha)) / 255;
        u8::try_from((on_white + 25) / 51).unwrap_or(5).min(5)
    };
    step(red) * 36 + step(green) * 6 + step(blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_digits_remain_and_rows_lose_their_order() {
        let csv = "county,n,mean\nb,12347,0.123456\na,7,1e-9\n";
        let (bytes, rows) = table(csv.as_bytes(), &[], 10).unwrap();
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            "county,n,mean\na,7,0.000000001\nb,12350,0.1235\n"
        );
        assert_eq!(rows, 2);
        let labels = ["code".to_owned()];
        let (bytes, _) = table(b"code,n\n530102,530102\n", &labels, 10).unwrap();
        assert_eq!(bytes, b"code,n\n530102,530100\n");
        assert_eq!(
            table(b"a\n1\n2\n3\n", &[], 2).unwrap_err(),
            "output_rows_too_many"
        );
        assert_eq!(
            table("a\nx\u{200b}y\n".as_bytes(), &[], 2).unwrap_err(),
            "output_text_unseen"
        );
        assert_eq!(table(b"a,b\n1\n", &[], 2).unwrap_err(), "output_table_broken");
    }

    #[test]
    fn json_is_sorted_and_rounded() {
        let value = json(br#"{"b": 3.14159265, "a": [100001, null, true]}"#).unwrap();
        assert_eq!(value.to_string(), r#"{"a":[100000,null,true],"b":3.142}"#);
        assert_eq!(json(b"\x80\x04}q\x00.").unwrap_err(), "output_json_broken");
    }
}
