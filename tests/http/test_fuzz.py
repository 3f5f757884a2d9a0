"""Generated requests, good and bad: no status, header or field that docs/openapi.yaml does not have.

API_EXAMPLES sets how many per route; `make fuzz-api` runs many.
"""

from __future__ import annotations

import os
from typing import Any, Final

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks

from tests.http.conftest import DOCUMENT, Served
from tests.support.fakes import TOKEN

EXAMPLES: Final = int(os.environ.get("API_EXAMPLES", "15"))
CHECKS: Final = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
"""A 5xx is one of those in the document, or it fails the first of them. The gateway's own 500 is not there."""

schema: Any = schemathesis.openapi.from_path(DOCUMENT)


@schema.parametrize()  # type: ignore[untyped-decorator]  # it reads the signature, and returns a test
@settings(
    max_examples=EXAMPLES,
    derandomize=EXAMPLES == 15,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_answer_is_outside_the_document(case: Any, served: Served) -> None:
    for name, value in case.path_parameters.items():
        case.path_parameters[name] = known_ids(served)[name] if len(str(value)) % 2 else value  # half of them exist
    case.call_and_validate(base_url=served.url, headers={"authorization": f"Bearer {TOKEN}"}, checks=CHECKS)


def known_ids(served: Served) -> dict[str, str]:
    """An action that waits until a generated request decides it, and its run. Made at the first call."""
    if not served.known:
        made = served.waiting()
        served.known = {"id": made["actionId"], "runId": made["runId"]}
    return served.known
