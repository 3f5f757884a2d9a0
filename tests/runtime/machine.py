"""What of Lambda's runtime this machine has: a Python of its version, the emulator, the runtime client, a build."""

from __future__ import annotations

import atexit
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
BUILD: Final = ROOT / "build"
SAM: Final = ROOT / ".venv-sam" / "bin" / "sam"
TEMPLATE_PYTHON: Final = "3.13"


@dataclass(frozen=True)
class Interpreter:
    """A Python to run functions with."""

    path: str
    version: str


@cache
def interpreter() -> Interpreter:
    """The template's version where this machine has it, otherwise the Python that runs the tests."""
    managed = sorted(Path.home().glob(f".pyenv/versions/{TEMPLATE_PYTHON}*/bin/python{TEMPLATE_PYTHON}"))
    for candidate in (f"python{TEMPLATE_PYTHON}", *map(str, managed)):
        path = shutil.which(candidate)
        if path and _runs(path):
            return Interpreter(path, TEMPLATE_PYTHON)
    return Interpreter(sys.executable, f"{sys.version_info.major}.{sys.version_info.minor}")


def _runs(path: str) -> bool:
    """A version manager's shim is there, and refuses, when its version is not chosen."""
    return subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0  # noqa: S603


def need_sam() -> None:
    """Skips the test where the SAM CLI has not been installed."""
    if not SAM.exists():
        pytest.skip("no .venv-sam: `make check` or `make build` installs the SAM CLI, which these tests build with")


@cache
def built() -> Path:
    """What `sam build` makes of the template, once per test run. One directory per function, and template.yaml."""
    need_sam()
    BUILD.mkdir(exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="tests-", dir=BUILD))
    atexit.register(shutil.rmtree, directory)
    python = interpreter()
    run = subprocess.run(  # noqa: S603 - a fixed command
        [str(SAM), "build", "--template-file", str(ROOT / "template.yaml"), "--build-dir", str(directory / "sam")],
        cwd=directory,
        env={
            **os.environ,
            "PATH": f"{Path(python.path).parent}{os.pathsep}{os.environ['PATH']}",
            "LAMBDA_PYTHON": python.version,
            "SAM_CLI_TELEMETRY": "0",
            "AWS_DEFAULT_REGION": "us-east-1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode != 0:
        raise AssertionError(run.stderr)
    return directory / "sam"


def emulator() -> str:
    """The runtime interface emulator, which the SAM CLI carries for its containers."""
    need_sam()
    processor = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine()]
    found = next((ROOT / ".venv-sam").glob(f"lib/python3*/site-packages/samcli/local/rapid/aws-lambda-rie-{processor}"))
    if platform.system() != "Linux":
        pytest.skip("the runtime interface emulator runs on Linux alone")
    return str(found)


def installed(lock: Path, name: str) -> Path:
    """A directory with the packages of a lock file for `interpreter()`, installed when it is first asked for."""
    python = interpreter()
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    target = BUILD / f"{name}-{python.version}-{digest}"
    if target.exists():
        return target
    BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD) as scratch:
        command = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-deps"]
        command += ["--require-hashes", "--only-binary=:all:", "--python-version", python.version]
        command += ["--target", f"{scratch}/packages", "--requirement", str(lock)]
        subprocess.run(command, check=True)  # noqa: S603 - a fixed command
        Path(scratch, "packages").rename(target)
    return target


def runtime_client() -> Path:
    """Lambda's runtime interface client: what runs a handler inside a function."""
    return installed(Path(__file__).with_name("requirements.txt"), "awslambdaric")
