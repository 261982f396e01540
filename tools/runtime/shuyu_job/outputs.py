"""Outputs by declared name: tables, words, pictures, models."""

import json
import struct
import zlib
from pathlib import Path

OUT = Path("/out")
WIDTH, HEIGHT, MARGIN = 640, 400, 20
INK = [(31, 78, 121), (192, 80, 0), (46, 117, 60), (120, 60, 130), (90, 90, 90)]


def write_table(name: str, frame, index: bool = True) -> None:
    """A pandas DataFrame as CSV. Row labels are written as columns unless `index` is false."""
    frame.to_csv(OUT / name, index=index, lineterminator="\n")


def write_text(name: str, value) -> None:
    """Words and figures as JSON."""
    (OUT / name).write_text(json.dumps(value, ensure_ascii=False, allow_nan=False))


def write_model(name: str, estimator, features: list[str], table: str, target: str | None = None) -> None:
    """A fitted scikit-learn estimator as JSON of declared structure; see `shuyu_job.forms` for what is accepted.

    `features` are what the estimator was fitted on, in order: columns of the input `table`, or `column=value` for
    whether a column has a value (as `pandas.get_dummies(…, prefix_sep="=")` names them). `target` is the column that
    it answers, none for clusters. With these the platform makes features of rows that the job never saw, and looks
    what the model gives away.
    """
    from shuyu_job.forms import column_of, export
    from shuyu_job.inputs import columns

    there = columns(table)
    missing = [each for each in [*features, *([target] if target else [])] if column_of(each, there) is None]
    if missing:
        raise KeyError(f"'{table}' has no column for: {', '.join(missing)}")
    model = export(estimator, features) | {"fitted_on": {"table": table, "target": target}}
    (OUT / name).write_text(json.dumps(model, ensure_ascii=False, allow_nan=False))


def write_image(name: str, pixels) -> None:
    """A picture from an array of height × width × 3 bytes."""
    import numpy

    pixels = numpy.asarray(pixels, dtype=numpy.uint8)
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + pixels[y].tobytes() for y in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    (OUT / name).write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows))
                             + chunk(b"IEND", b""))


def _canvas():
    import numpy

    pixels = numpy.full((HEIGHT, WIDTH, 3), 255, dtype=numpy.uint8)
    pixels[HEIGHT - MARGIN, MARGIN:WIDTH - MARGIN] = 0
    pixels[MARGIN:HEIGHT - MARGIN, MARGIN] = 0
    return pixels


def write_bars(name: str, values) -> None:
    """Bars from the left to the right, the highest as high as the picture. Labels belong into a table beside it."""
    values = [max(float(v), 0.0) for v in values]
    pixels, top = _canvas(), max([*values, 1e-12])
    step = (WIDTH - 2 * MARGIN) / max(len(values), 1)
    for i, value in enumerate(values):
        left, right = int(MARGIN + i * step + 1), int(MARGIN + (i + 1) * step)
        high = int((HEIGHT - 2 * MARGIN) * value / top)
        pixels[HEIGHT - MARGIN - high:HEIGHT - MARGIN, left:max(right - 1, left + 1)] = INK[0]
    write_image(name, pixels)


def write_lines(name: str, series) -> None:
    """Up to five lines over the same steps; `series` is a list of lists of numbers."""
    pixels = _canvas()
    every = [float(v) for line in series for v in line]
    low, high = min(every), max(every)
    span = (high - low) or 1.0
    for line, ink in zip(series, INK, strict=False):
        columns = range(MARGIN, WIDTH - MARGIN)
        for x in columns:
            at = (x - MARGIN) / (WIDTH - 2 * MARGIN - 1) * (len(line) - 1)
            left = min(int(at), max(len(line) - 2, 0))
            right = min(left + 1, len(line) - 1)
            value = float(line[left]) + (float(line[right]) - float(line[left])) * (at - left)
            y = int(HEIGHT - MARGIN - 1 - (HEIGHT - 2 * MARGIN - 2) * (value - low) / span)
            pixels[y:y + 2, x] = ink
    write_image(name, pixels)
