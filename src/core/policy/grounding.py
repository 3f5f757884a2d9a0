"""Whether a plan is about this pull request: its files exist there, and the risky ones are not all left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from core.policy.found import Hit, as_finding
from core.policy.schemas import QaPlan
from core.types import Facts, Finding

_HARMLESS: Final = re.compile(
    r"(?:^|/)(?:docs?|documentation|website|tests?|__tests__|spec|testdata|fixtures|examples?|vendor|node_modules|dist)/"
    r"|\.(?:md|mdx|rst|adoc|txt|png|jpe?g|gif|svg|ico|webp|pdf|lock|sum|snap|map|woff2?|ttf|po|pot|csv)$"
    r"|(?:^|/)(?:license|notice|authors|codeowners|changelog[^/]*|readme[^/]*|\.gitignore|\.editorconfig|\.gitattributes)$"
    r"|(?:^|/)(?:package-lock\.json|pnpm-lock\.yaml|yarn\.lock|poetry\.lock|uv\.lock|cargo\.lock|go\.sum)$"
    r"|(?:^|/)(?:test_[^/]*|[^/]*_test|[^/]*\.test|[^/]*\.spec|[^/]*_spec|conftest|[^/]*tests?)\.\w{1,5}$"
    r"|\.(?:min\.js|pb\.go|generated\.\w+|g\.dart)$|_pb2\.pyi?$",
    re.IGNORECASE,
)


def is_risky(path: str) -> bool:
    """Whether this file can change what the software does: not documentation, tests, locks or generated files."""
    return _HARMLESS.search(path) is None


def grounding_faults(plan: QaPlan, facts: Facts) -> Iterator[Finding]:
    """Refuses paths that the pull request does not change; asks when no risky file is covered."""
    changed = frozenset(facts.changed_paths)
    named: set[str] = set()
    for number, case in enumerate(plan.test_plan):
        for index, path in enumerate(case.covers):
            named.add(path)
            if path not in changed:
                hit = Hit("grounding.path", "refuse", path, "is not a file of this pull request")
                yield as_finding(hit, f"test_plan[{number}].covers[{index}]")
    risky = [path for path in facts.changed_paths if is_risky(path)]
    if risky and not named & set(risky):
        hit = Hit(
            "grounding.coverage",
            "ask",
            risky[0],
            f"none of the {len(risky)} files that can change behaviour is covered",
        )
        yield as_finding(hit, "test_plan" if plan.test_plan else "nothing_to_test")
