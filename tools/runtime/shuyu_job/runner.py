"""First process of a run inside the sandbox: sets the limits, runs the source in a child, hands over what it wrote.

Nothing here is trusted by the supervisor outside: the source runs under the same user and could do all of this
itself. What it hands over is bytes to be checked; the isolation is not its work.

Frames on the channel: a line of JSON, and for a file its bytes behind it.
"""

import json
import os
import resource
import signal
import stat
import sys
import traceback

SOURCE = "/in/job.py"
OUT = "/out"
# What is looked at in /out at most; more is a refusal of its own.
SEEN_AT_MOST = 10_000


def set_limits(limits: dict) -> None:
    """Hard limits, which nothing inside can raise again."""
    kinds = {"memory": resource.RLIMIT_AS, "cpu": resource.RLIMIT_CPU, "processes": resource.RLIMIT_NPROC,
             "file": resource.RLIMIT_FSIZE, "open": resource.RLIMIT_NOFILE, "core": resource.RLIMIT_CORE}
    for name, value in limits.items():
        resource.setrlimit(kinds[name], (value, value))


def own_line(trace) -> int | None:
    """Line of the source nearest to where the exception was raised."""
    lines = [frame.lineno for frame in traceback.extract_tb(trace) if frame.filename == SOURCE]
    return lines[-1] if lines else None


def run_source(line_to: int) -> int:
    """Runs the source as `__main__`; returns the exit status."""
    line = None
    try:
        with open(SOURCE, encoding="utf-8") as file:
            text = file.read()
        code = compile(text, SOURCE, "exec")
        exec(code, {"__name__": "__main__", "__file__": SOURCE, "__builtins__": __builtins__})
        return 0
    except SystemExit as end:
        line = own_line(end.__traceback__)
        return 0 if end.code in (None, 0) else 1
    except SyntaxError as error:
        line = error.lineno if error.filename == SOURCE else own_line(error.__traceback__)
        traceback.print_exc()
        return 1
    except BaseException as error:  # noqa: BLE001 - whatever it is, the run has failed
        line = own_line(error.__traceback__)
        traceback.print_exc()
        return 1
    finally:
        os.write(line_to, json.dumps(line).encode())


def child(line_to: int, limits: dict) -> None:
    """Never returns."""
    status = 1
    try:
        set_limits(limits)
        status = run_source(line_to)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def say(channel, frame: dict, data: bytes = b"") -> None:
    channel.write(json.dumps(frame).encode() + b"\n" + data)
    channel.flush()


def hand_over(channel, name: str, limit: int) -> None:
    """One declared file: its bytes, or why not. Nothing is followed, nothing but a plain file is opened."""
    try:
        about = os.lstat(f"{OUT}/{name}")
    except OSError:
        return say(channel, {"kind": "refused", "name": name, "code": "output_absent"})
    if not stat.S_ISREG(about.st_mode):
        return say(channel, {"kind": "refused", "name": name, "code": "output_not_a_file"})
    if about.st_size > limit:
        return say(channel, {"kind": "refused", "name": name, "code": "output_too_large"})
    handle = os.open(f"{OUT}/{name}", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        data = file.read(limit)
    return say(channel, {"kind": "file", "name": name, "size": len(data)}, data)


def others(declared: dict) -> int:
    """How many things in /out were not declared. Their names are a way to carry data and are not passed on."""
    count = 0
    for folder, folders, files in os.walk(OUT):
        names = folders + files
        count += len([n for n in names if folder != OUT or n not in declared])
        if count > SEEN_AT_MOST:
            break
    return count


def main() -> None:
    """`runner CONFIG`: the number of the channel, limits, and declared names with their size limits."""
    config = json.loads(sys.argv[1])
    channel = os.fdopen(config["channel"], "wb")
    say(channel, {"kind": "running"})
    line_from, line_to = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(config["channel"])
        os.close(line_from)
        child(line_to, config["limits"])
    os.close(line_to)
    _, status = os.waitpid(pid, 0)
    # Whatever the source has left running ends here, before /out is read.
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        pass
    line = os.read(line_from, 64)
    try:
        line = json.loads(line) if line else None
    except ValueError:
        line = None
    code, by = os.waitstatus_to_exitcode(status), None
    if code < 0:
        code, by = 1, -code
    say(channel, {"kind": "ended", "status": code, "signal": by, "line": line if isinstance(line, int) else None})
    if code == 0:
        for name, limit in sorted(config["declared"].items()):
            hand_over(channel, name, limit)
        if count := others(config["declared"]):
            say(channel, {"kind": "refused", "name": None, "code": "output_undeclared", "count": count})
    say(channel, {"kind": "end"})


if __name__ == "__main__":
    main()
