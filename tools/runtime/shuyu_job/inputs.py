"""Inputs by name."""

from pathlib import Path

IN = Path("/in")


def names() -> list[str]:
    """Names of the tables this job may read."""
    return sorted(path.stem for path in IN.iterdir() if path.suffix in (".parquet", ".csv"))


def read(name: str):
    """The table of this name as a pandas DataFrame; raises KeyError if the job has no such input."""
    import pandas

    if (path := IN / f"{name}.parquet").is_file():
        return pandas.read_parquet(path)
    if (path := IN / f"{name}.csv").is_file():
        return pandas.read_csv(path)
    raise KeyError(f"no input '{name}'; there are: {', '.join(names())}")


def columns(name: str) -> list[str]:
    """Names of the columns of a table, without reading its rows; raises KeyError if the job has no such input."""
    if (path := IN / f"{name}.parquet").is_file():
        import pyarrow.parquet

        return pyarrow.parquet.read_schema(path).names
    return list(read(name).columns)
