"""Builds the folder that jobs run in: one interpreter, its standard library, the packages, and nothing else.

    python3 tools/runtime/build.py FOLDER

The folder becomes `/usr` of the sandbox, read-only. It holds no shell and no other program. It is built beside its
place and renamed, so that a killed build leaves nothing that looks like a runtime. `runtime.json` in it says what it
is: the interpreter, the digest of what it was built from, the packages.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Parts of the standard library that no job needs and that are large or start programs.
LEFT_OUT = {"test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3", "site-packages",
            "dist-packages", "__pycache__", "config", "pydoc_data"}


def sources_digest() -> str:
    """SHA-256 over everything the runtime is built from that stands in the repository, and the interpreter."""
    sha = hashlib.sha256(sys.version.encode())
    files = [HERE / "requirements.txt", HERE / "build.py", *sorted((HERE / "shuyu_job").glob("*.py"))]
    for path in files:
        sha.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return sha.hexdigest()


def shared_objects(of: list[Path]) -> set[Path]:
    """Libraries that these files load, themselves excluded, as the loader of this machine resolves them."""
    found: set[Path] = set()
    for path in of:
        out = subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout
        for line in out.splitlines():
            hit = re.search(r"(?:=> )?(/\S+) \(0x", line)
            if hit:
                found.add(Path(hit.group(1)))
    return found


def copy_interpreter(root: Path) -> str:
    """The interpreter and its standard library; returns the path inside the sandbox."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    stdlib = root / "lib" / f"python{version}"
    ignore = lambda _folder, names: [n for n in names if n in LEFT_OUT or n.startswith("config-")]  # noqa: E731
    shutil.copytree(sysconfig.get_path("stdlib"), stdlib, ignore=ignore, symlinks=False)
    dynload = Path(sysconfig.get_path("platstdlib")) / "lib-dynload"
    if not (stdlib / "lib-dynload").exists():
        shutil.copytree(dynload, stdlib / "lib-dynload")
    # Distributions look for packages in different folders; here it is one.
    (stdlib / "sitecustomize.py").unlink(missing_ok=True)
    (stdlib / "sitecustomize.py").write_text(
        f'import sys\n\nsite = "/usr/lib/python{version}/site-packages"\n'
        "if site not in sys.path:\n    sys.path.append(site)\n")
    (root / "bin").mkdir()
    shutil.copy(Path(sys.executable).resolve(), root / "bin" / "python3")
    return version


def copy_libraries(root: Path, site: Path) -> None:
    """Shared libraries of the interpreter and the packages, flat in /usr/lib where every loader looks.

    The loader itself also stands in /usr/lib64, where programs of x86-64 name it.

    A package's own libraries are found by their relative path and need no copy.
    """
    own = [root / "bin" / "python3", *root.rglob("*.so*")]
    libraries = {p for p in shared_objects(own) if not p.is_relative_to(root) and not p.is_relative_to(site)}
    (root / "lib64").mkdir()
    for library in sorted(libraries):
        shutil.copy(library.resolve(), root / "lib" / library.name)
        if library.name.startswith("ld-"):
            shutil.copy(library.resolve(), root / "lib64" / library.name)


def install_packages(site: Path) -> None:
    """The pinned wheels; pip checks every digest."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-cache-dir",
               "--only-binary=:all:", "--no-deps", "--require-hashes", "--no-compile", "--target", str(site),
               "--requirement", str(HERE / "requirements.txt")]
    subprocess.run(command, check=True)
    for folder in [p for p in site.rglob("tests") if p.is_dir()]:
        shutil.rmtree(folder)
    shutil.rmtree(site / "bin", ignore_errors=True)
    shutil.copytree(HERE / "shuyu_job", site / "shuyu_job", ignore=shutil.ignore_patterns("__pycache__"))


def packages() -> list[str]:
    """`name==version` of the pinned packages."""
    text = (HERE / "requirements.txt").read_text()
    return re.findall(r"^([a-z0-9-]+==\S+)", text, flags=re.MULTILINE)


def build(folder: Path) -> None:
    """Builds the runtime unless the one that stands there is of the same digest."""
    digest = sources_digest()
    note = folder / "runtime.json"
    if note.is_file() and json.loads(note.read_text()).get("digest") == digest:
        return
    print(f"building the runtime of the sandbox in {folder}", flush=True)
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    root = part / "usr"
    root.mkdir(parents=True)
    version = copy_interpreter(root)
    site = root / "lib" / f"python{version}" / "site-packages"
    install_packages(site)
    copy_libraries(root, site)
    compile_quietly = [sys.executable, "-m", "compileall", "-q", "-j", "2", "-s", str(part), "-p", "/",
                       "--invalidation-mode", "unchecked-hash", str(root / "lib" / f"python{version}")]
    subprocess.run(compile_quietly, check=False, stdout=subprocess.DEVNULL)
    said = {"format": "shuyu-runtime-1", "python": version, "digest": digest, "packages": packages()}
    (part / "runtime.json").write_text(json.dumps(said, indent=1) + "\n")
    for path in [part, *part.rglob("*")]:
        if not path.is_symlink():
            os.chmod(path, 0o755 if path.is_dir() or path.parent.name in ("bin", "lib64") or path.name.startswith("ld-") else 0o644)
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
