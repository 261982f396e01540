"""What a job of Shuyu reads and writes with.

    from shuyu_job import read, write_table, write_model, write_text, write_bars, write_lines

Inputs are read by name from `/in`; outputs go to `/out` under the names that the job declared. Everything written is
looked at before it leaves: tables are sorted and rounded, pictures are drawn anew, models have a structure of their
own and are never pickled.
"""

from shuyu_job.outputs import write_bars, write_image, write_lines, write_model, write_table, write_text
from shuyu_job.inputs import names, read

__all__ = ["names", "read", "write_bars", "write_image", "write_lines", "write_model", "write_table", "write_text"]
