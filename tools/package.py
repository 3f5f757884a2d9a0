"""Makes the directory that becomes one function's zip: `package.py api|worker DIRECTORY`. src/Makefile calls it.

Needs any Python from 3.11 on, with pip, and nothing of this project's environments. LAMBDA_PYTHON names the
version to build for (3.13, the template's runtime, if unset). Dependencies are installed
once per lock file into build/lambda/ and copied from there.

Native modules carry the processor in their file names, so those of arm64 and x86_64 live side by side
in one package. Two packages, and a parameter that has to agree with the build, is what this refuses.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
SRC: Final = ROOT / "src"
CACHE: Final = ROOT / "build" / "lambda"
PROCESSORS: Final = ("x86_64", "aarch64")
BOTOCORE_SERVICES: Final = {"dynamodb", "kms", "lambda", "s3", "secretsmanager", "sns", "sts"}
"""Services whose API descriptions stay; the others are 25 MB that nothing here calls."""
LEFT_OUT: Final = (
    "bin",
    "aws_lambda_powertools/event_handler",
    "markdown_it/cli",
    "aws_lambda_powertools/utilities/[!_jst]*",
    "botocore/data/*/*/examples-1.json",
    "botocore/cacert.pem",  # certifi's is taken where it is there
    "botocore/stub.py",
    "dateutil/rrule.py",
    "dateutil/zoneinfo",
    "httpx/_main.py",
    "idna/uts46data.py",
    "pydantic/experimental",
    "pydantic/mypy.py",
    "urllib3/contrib",
    "*.dist-info/RECORD",
    "*.dist-info/sboms",
)
"""Parts of dependencies that no function imports or reads, as patterns: tests/runtime runs every handler without."""
LEFT_OUT_BESIDE_THE_SDK: Final = ("anyio", "pydantic/v1")
"""More that only the model's SDK may import: httpcore does without anyio where nothing is asynchronous."""


def main(kind: str, artifacts: Path) -> None:
    """Fill `artifacts` with the code and the dependencies of that kind of function."""
    version = os.environ.get("LAMBDA_PYTHON", "3.13")
    interpreter = find_interpreter(version)
    shutil.copytree(dependencies(kind, version, interpreter), artifacts, dirs_exist_ok=True, copy_function=link_or_copy)
    ignore = shutil.ignore_patterns("__pycache__")
    for package in ("core", "handlers"):
        shutil.copytree(SRC / package, artifacts / package, ignore=ignore)
        compile_in(artifacts / package, f"/var/task/{package}", interpreter)


def dependencies(kind: str, version: str, interpreter: str | None) -> Path:
    """The cached directory of installed dependencies, made if this lock file has none yet."""
    lock = SRC / f"requirements-{kind}.txt"
    key = hashlib.sha256(b"\0".join([lock.read_bytes(), Path(__file__).read_bytes(), repr(interpreter).encode()]))
    target = CACHE / f"{kind}-{version}-{key.hexdigest()[:16]}"
    if target.exists():
        return target
    say(f"installing the dependencies of {lock.name} for Python {version} on {' and '.join(PROCESSORS)}")
    if interpreter is None:
        say(f"no python{version} here: packages ship without bytecode, and cold starts take about twice as long")
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        first, *others = PROCESSORS
        merged = Path(scratch) / first
        install(lock, version, first, merged)
        native = Path(scratch) / "native.txt"
        native.write_text(native_requirements(lock.read_text(), merged))
        for other in others:
            tree = Path(scratch) / other
            install(native, version, other, tree)
            add_native(merged, first, tree, other)
        trim(merged, LEFT_OUT if kind == "worker" else LEFT_OUT + LEFT_OUT_BESIDE_THE_SDK)
        compile_in(merged, "/var/task", interpreter)
        for path in merged.rglob("*"):
            if path.is_file():
                path.chmod(0o444)  # packages link to these files
        try:
            merged.rename(target)
        except OSError:
            if not target.exists():  # otherwise a build beside this one was first, with the same content
                raise
    return target


def install(lock: Path, version: str, processor: str, target: Path) -> None:
    """pip's work, from wheels alone and by hash: it needs no interpreter of the target's version."""
    command = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-deps"]
    command += ["--require-hashes", "--no-compile", "--only-binary=:all:", "--implementation", "cp"]
    command += ["--python-version", version, "--platform", f"manylinux2014_{processor}"]
    command += ["--target", str(target), "--requirement", str(lock)]
    subprocess.run(command, check=True)  # noqa: S603 - a fixed command


def native_requirements(lock: str, tree: Path) -> str:
    """The requirements, hashes and all, of what was installed in `tree` with native modules."""
    native = set()
    for wheel in tree.glob("*.dist-info/WHEEL"):
        if "Root-Is-Purelib: false" in wheel.read_text():
            native.add(wheel.parent.name.split("-")[0].replace("_", "-").lower())
    blocks = re.findall(r"^([\w.-]+)(==.*(?:\n[ \t].*)*)", lock, re.MULTILINE)
    return "\n".join(name + rest for name, rest in blocks if name in native)


def add_native(merged: Path, first: str, tree: Path, other: str) -> None:
    """Put the native modules for `other` beside those for `first`. Raises SystemExit unless each has its twin."""
    present = {name.replace(first, other) for name in native_modules(merged, first)}
    names = native_modules(tree, other)
    if present != set(names):
        raise SystemExit(f"native modules differ between {first} and {other}: {sorted(present ^ set(names))}")
    for name in names:
        shutil.copy2(tree / name, merged / name)


def native_modules(tree: Path, processor: str) -> list[str]:
    """Native modules by relative name. Raises SystemExit for one whose name does not tell its processor."""
    names = [str(path.relative_to(tree)) for path in tree.rglob("*.so*")]
    for name in names:
        if not name.endswith(f"-{processor}-linux-gnu.so"):
            raise SystemExit(f"{name} does not say for which processor it is: one package cannot hold both")
    return names


def trim(tree: Path, left_out: tuple[str, ...]) -> None:
    """Leave out what nothing here uses, by these patterns and by `BOTOCORE_SERVICES`."""
    for pattern in left_out:
        for path in list(tree.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    data = tree / "botocore" / "data"
    for service in data.iterdir():
        if service.is_dir() and service.name not in BOTOCORE_SERVICES:
            shutil.rmtree(service)
    cut_endpoints(data / "endpoints.json")
    for description in data.glob("*/*/service-2.json.gz"):
        drop_documentation(description)


def drop_documentation(file: Path) -> None:
    """Two thirds of what a client reads of its service before its first request is text for people."""
    described = json.loads(gzip.decompress(file.read_bytes()), object_hook=without_documentation)
    for parameter in described.get("clientContextParams", {}).values():
        parameter["documentation"] = ""  # botocore/model.py takes it without asking whether it is there
    file.write_bytes(gzip.compress(json.dumps(described, separators=(",", ":")).encode(), mtime=0))


def without_documentation(described: dict[str, Any]) -> dict[str, Any]:
    """The same but for its text; a member that bears that name is described, and stays."""
    return {key: value for key, value in described.items() if key != "documentation" or not isinstance(value, str)}


def cut_endpoints(file: Path) -> None:
    """Every client that is made reads this file whole: 1.2 MB of it is about services that nothing here calls."""
    endpoints = json.loads(file.read_text("utf-8"))
    for partition in endpoints["partitions"]:
        partition["services"] = {k: v for k, v in partition["services"].items() if k in BOTOCORE_SERVICES}
    file.write_text(json.dumps(endpoints), "utf-8")


def find_interpreter(version: str) -> str | None:
    """A Python of exactly this version, for byte-compiling: bytecode of another is ignored at run time."""
    managed = sorted(Path.home().glob(f".pyenv/versions/{version}*/bin/python{version}"))
    for candidate in (f"python{version}", sys.executable, *map(str, managed)):
        path = shutil.which(candidate)
        if path is None:
            continue
        ask = [path, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        answer = subprocess.run(ask, capture_output=True, text=True, check=False)  # noqa: S603 - a fixed command
        if answer.returncode == 0 and answer.stdout.strip() == version:
            return path
    return None


def compile_in(tree: Path, shown_as: str, interpreter: str | None) -> None:
    """Byte-compile with unchecked hashes: a zip changes the times that other bytecode is checked by."""
    if interpreter is None:
        return
    command = [interpreter, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(tree), "-p", shown_as, str(tree)]
    subprocess.run(command, check=True)  # noqa: S603 - a fixed command


def link_or_copy(source: str, target: str) -> None:
    """The same file twice where the file system can: ten functions share one copy of what they depend on."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
