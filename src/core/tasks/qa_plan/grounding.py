"""Whether a plan speaks of this change: the paths and names in its claims, looked for in what the model was shown."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from core.context.file_names import one_form
from core.tasks.qa_plan.schema import QaPlan

SHARE: Final = 1 / 3
"""Above this share of names that nobody showed the model, the Captain is asked."""
_FEWEST: Final = 4
"""Fewer strange names than this say nothing: a library's or a shell's own may be among them."""
_NAME: Final = re.compile(
    r"(?<![\w/.-])(?:--[a-z][\w-]+"  # an option
    r"|[A-Za-z_][\w.]*\w(?=\(\))"  # a function
    r"|[A-Za-z]\w*_\w+(?:\.\w+)*"  # snake_case
    r"|[a-z]+[A-Z]\w*(?:\.\w+)*|[A-Z][a-z]+[A-Z]\w*(?:\.\w+)*)"  # camelCase
)
_PATH: Final = re.compile(r"(?<![\w/.:~$-])(?:[\w@.-]+/)+[\w@-]+\.[a-z][a-z0-9]{0,5}\b")
_STANDARD: Final = re.compile(r"(?:Error|Exception|Warning)\Z")
"""Names that languages give: no diff has to show them."""


@dataclass(frozen=True)
class Grounding:
    """Names and paths of a plan's claims, and those of them that the request does not hold."""

    named: tuple[str, ...]
    strange: tuple[str, ...]

    @property
    def doubtful(self) -> bool:
        return len(self.strange) >= _FEWEST and len(self.strange) > SHARE * len(self.named)


def grounding(plan: QaPlan, material: str) -> Grounding:
    """`material` is what the model was shown. What the plan's own code makes or uses is known as well."""
    known = one_form(material + "\n".join(_code(plan)))
    claims, steps = (one_form(" \n".join(texts)) for texts in (_claims(plan), _steps(plan)))
    names = {name for name in _NAME.findall(claims) if not _STANDARD.search(name)}
    paths = set(_PATH.findall(f"{claims} \n{steps}"))
    named = tuple(sorted(names | paths))
    return Grounding(named, tuple(name for name in named if not _held(name, known)))


def _held(name: str, known: str) -> bool:
    if name in known:
        return True
    parts = [part for part in name.split(".") if part] if "/" not in name else [name.rpartition("/")[2]]
    return all(part in known for part in parts)


def _claims(plan: QaPlan) -> Iterator[str]:
    yield plan.summary
    for one in plan.observations:
        yield one.where
        yield one.what
    for scenario in plan.test_plan:
        yield scenario.ac_text


def _steps(plan: QaPlan) -> Iterable[str]:
    steps = [*plan.setup, *(step for scenario in plan.test_plan for step in scenario.steps)]
    return [text for step in steps for text in (step.do, step.expect or "")]


def _code(plan: QaPlan) -> Iterable[str]:
    steps = [*plan.setup, *(step for scenario in plan.test_plan for step in scenario.steps)]
    return [step.code for step in steps if step.code is not None]
