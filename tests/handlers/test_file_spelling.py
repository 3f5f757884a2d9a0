"""Files by all their names: an answer is paid for, and not lost because macOS or a rename spells a file otherwise."""

from __future__ import annotations

import json
import unicodedata
from typing import Any, Final

import pytest

from local.model import Order
from tests.handlers.conftest import MakeService
from tests.support.caller import Reply
from tests.support.issues import PHASE4, brief_answer, put
from tests.support.plans import a_plan
from tests.support.service import Service

ISSUE: Final = 7
PATCH: Final = "@@ -1,2 +1,2 @@\n def price():\n-    return 1\n+    return 2\n"
MACOS: Final = unicodedata.normalize("NFD", "src/größe/prüfung.py")
OTHERS: Final = {
    "as it is": str,
    "composed": lambda name: unicodedata.normalize("NFC", name),
    "decomposed": lambda name: unicodedata.normalize("NFD", name),
}


def plan(service: Service, listed: str, named: str, **fields: Any) -> Reply:
    """A dispatch whose pull request changes one file, and whose plan names it so."""
    file = {"filename": listed, "status": "modified", "additions": 1, "deletions": 1, "patch": PATCH, **fields}
    service.repository.push(42, "b" * 40, [file])
    service.repository.change_pull(42, changed_files=1)
    service.model.order(Order(text=json.dumps(a_plan(named))))
    return service.dispatch()


def names(service: Service) -> str:
    """The posted plan's list of files."""
    [comment] = service.comments()
    return comment[comment.index("1 of 1 covered") :]


@pytest.mark.parametrize("spell", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("listed", [MACOS, unicodedata.normalize("NFC", MACOS)], ids=["macOS", "others"])
def test_a_name_is_one_in_every_normal_form(service: Service, spell: Any, listed: str) -> None:
    body = plan(service, listed, spell(listed)).body
    assert (body["state"], body["classification"], body["checks"]) == ("executed", "auto_safe", [])
    assert f"`{listed}`" in names(service)


def test_a_renamed_file_is_known_by_both_names(service: Service) -> None:
    fields = {"status": "renamed", "previous_filename": "src/größe.py"}
    body = plan(service, "src/width.py", unicodedata.normalize("NFD", "src/größe.py"), **fields).body
    assert (body["state"], body["classification"], body["checks"]) == ("executed", "auto_safe", [])
    assert "`src/width.py`" in names(service)


def test_the_source_of_a_copy_is_another_file(service: Service) -> None:
    reply = plan(service, "src/width.py", "src/size.py", status="copied", previous_filename="src/size.py")
    assert reply.body["checks"][0]["rule"] == "grounding.path"


def test_another_case_is_another_file(service: Service) -> None:
    reply = plan(service, "src/Prices.py", "src/prices.py")
    assert (reply.status, reply.body["checks"][0]["rule"]) == (422, "grounding.path")


@pytest.mark.parametrize("spell", OTHERS.values(), ids=OTHERS)
def test_a_brief_names_a_file_in_every_normal_form(make_service: MakeService, spell: Any) -> None:
    service = make_service(**PHASE4)
    service.repository.put_tree([MACOS])
    put(service, ISSUE, "status:ready")
    service.model.order(Order(text=brief_answer(files=[spell(MACOS), MACOS])))
    body = service.api.post("/dispatch/agent-brief", {"issueNumber": ISSUE}).body
    assert body["state"] == "executed"
    [comment] = service.comments(ISSUE)
    assert comment.count(f"`{MACOS}`") == 1
