"""A text that changes gets a new version: versions.json holds every version that there has been, with its digest.

To change a prompt template, a context pack or the price table: raise its version (the number in the template's first
line, `VERSIONS` of the packs, `PRICES_DATE`) and add a line here. A line that is there is never changed.
"""

from __future__ import annotations

import hashlib
import json
import pkgutil
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import pytest

import core.prompts
from core.context import packs
from core.dispatcher import pricing
from core.provenance import SOURCE, code_digest, digest_of

HISTORY: Mapping[str, Mapping[str, str]] = json.loads(Path(__file__).with_name("versions.json").read_text())


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def templates() -> dict[str, str]:
    """First line → digest of every prompt template that there is."""
    modules = [import_module(f"core.prompts.{module.name}") for module in pkgutil.iter_modules(core.prompts.__path__)]
    texts = [module.TEMPLATE for module in modules if hasattr(module, "TEMPLATE")]
    return {text.partition("\n")[0]: sha256(text) for text in texts}


def current() -> dict[str, dict[str, str]]:
    return {
        "prompts": templates(),
        "packs": {f"{name} {version}": packs.load(name).sha256 for name, version in packs.VERSIONS.items()},
        "prices": {pricing.PRICES_DATE: pricing.PRICES_VERSION.partition("/")[2]},
    }


@pytest.mark.parametrize("kind", HISTORY)
def test_every_text_in_use_has_the_digest_that_its_version_has_on_record(kind: str) -> None:
    assert current()[kind].items() <= HISTORY[kind].items()


def test_every_template_names_its_version() -> None:
    assert templates()
    assert all(line[:-1].rpartition(" template ")[2].isdigit() for line in templates())


def test_every_pack_has_a_version() -> None:
    assert set(packs.VERSIONS) == {name for names in packs.PACKS.values() for name in names}


def test_the_digest_of_the_code_is_that_of_its_files(tmp_path: Path) -> None:
    for package in ("core", "handlers"):
        (tmp_path / package / "__pycache__").mkdir(parents=True)
        (tmp_path / package / "a.py").write_text("x = 1\n")
    before = digest_of(tmp_path)
    line = "{}/a.py\0" + sha256("x = 1\n") + "\n"
    assert before == sha256(line.format("core") + line.format("handlers"))
    (tmp_path / "core" / "__pycache__" / "a.pyc").write_bytes(b"made by the interpreter")
    (tmp_path / "requirements.txt").write_text("not code of ours")
    assert digest_of(tmp_path) == before
    (tmp_path / "handlers" / "a.py").write_text("x = 2\n")
    assert digest_of(tmp_path) != before
    assert code_digest() == digest_of(SOURCE)
