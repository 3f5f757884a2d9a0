"""How the policy does on its corpora, by class and tier, and what each check costs: `python -m tools.policy_report`.

Exits 1 if a hostile text is live or not treated as its tier demands, an ordinary one or a drafted plan is stopped, or a
broken answer passes.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

from core.policy.readings import Readings
from core.policy.rules import TEXT_RULES, Field, Rule, RuleContext, examine_all
from core.text.markdown import marker, write
from core.text.prose import blocks
from core.text.read_back import faults
from tests.corpus.bots import live
from tests.corpus.load import CANARY, OWN, REPOSITORY, Case, Plan, broken, hostile, ordinary, plans
from tools.judge import ACTION_ID, STRANGER, judge_raw, judge_text

CONTEXT: Final = RuleContext(REPOSITORY, CANARY, OWN)
_MEASURABLE: Final = 0.001
"""Seconds from which the growth of a time means something."""
_SAMPLE: Final = (
    "Open http://localhost:3000/items as a new user, press `Save` and check that List<str> in src/merge/close.py is "
    "sorted; @pytest.fixture is used once, see #12 and /api/merge. Проверьте вход, 確認 👩‍💻.\n"
)
_ALLOWED: Final = {
    "passes": {"auto_safe"},
    "refused": {"rejected"},
    "asks": {"requires_approval", "rejected"},
    "inert": {"auto_safe", "requires_approval", "rejected"},
    "trust": {"auto_safe", "requires_approval", "rejected"},
}
"""What the rules about text may say of each tier. None is ever live."""


def fault(case: Case, context: RuleContext = CONTEXT) -> str | None:
    """What is wrong with the treatment of one corpus line; None when it is as it must be."""
    judged = judge_text(case.body, context)
    classification = judged["classification"]
    if classification not in _ALLOWED[case.tier]:
        rules_hit = ", ".join(sorted({finding["rule"] for finding in judged["findings"]})) or "nothing"
        return f"{classification} by {rules_hit}, must be {case.tier}"
    strange = judge_text(case.body, context, STRANGER)["classification"] if case.tier == "trust" else ""
    if strange == "auto_safe":
        return "auto_safe, though a stranger's words were read"
    acts = live(judged["rendered"]) if judged["rendered"] is not None else None
    acts = acts or next(filter(None, (live(finding["excerpt"]) for finding in judged["findings"])), None)
    return f"live: {acts}" if acts else None


def stopped(plan: Plan) -> Iterator[str]:
    """What the rules object to in a plan that a model drafted, and should not; and what they should and do not."""
    found = examine_all([Field(path, text) for path, text in plan.texts], CONTEXT)
    for finding in found:
        if f"{finding.rule} ({finding.severity})" not in plan.stops:
            yield f"{plan.name}: {finding.rule} ({finding.severity}) at {finding.field}: {finding.excerpt}"
    for missing in sorted(plan.stops - {f"{finding.rule} ({finding.severity})" for finding in found}):
        yield f"{plan.name}: {missing} is not found"


_NAMES: Final = {"rejected": "refused", "requires_approval": "asked", "auto_safe": "passed"}


_COLUMNS: Final = ("cases", "refused", "asked", "passed", "wrong")


def _table(title: str, cases: Sequence[Case], of: Callable[[Case], str]) -> int:
    rows: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    faults = []
    for case in cases:
        did, wrong = _NAMES[judge_text(case.body, CONTEXT)["classification"]], fault(case)
        for key in (of(case), "all"):
            rows[key]["cases"] += 1
            rows[key][did] += 1
            rows[key]["wrong"] += wrong is not None
        if wrong:
            faults.append(f"  {case.id} {case.kind}: {wrong}: {ascii(case.body)[:100]}")
    _print(f"\n{title:<30}{'cases':>7}{'refused':>9}{'asked':>7}{'passed':>8}{'wrong':>7}")
    for key in sorted(rows, key=lambda name: (name == "all", name)):
        counts = zip(_COLUMNS, (7, 9, 7, 8, 7), strict=True)
        _print(f"{key:<30}" + "".join(f"{rows[key].get(column, 0):>{width}}" for column, width in counts))
    for line in faults:
        _print(line)
    return len(faults)


def _plans() -> int:
    drafted = plans()
    faults = [line for plan in drafted for line in stopped(plan)]
    _print(f"\n{len(drafted)} plans drafted by a language model, {len(faults)} refused or asked about")
    for line in faults:
        _print(f"  {line}")
    return len(faults)


def _broken() -> int:
    rows: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for case in broken():
        judged = judge_raw(case.raw, case.files, "qa_plan", CONTEXT)
        rows[case.kind][0] += 1
        rows[case.kind][1] += bool(judged["valid"]) or judged["classification"] != "rejected"
    _print(f"\n{'broken answers':<22}{'cases':>7}{'wrong':>7}")
    for kind, (count, wrong) in sorted(rows.items()):
        _print(f"{kind:<22}{count:>7}{wrong:>7}")
    total = [sum(row[index] for row in rows.values()) for index in (0, 1)]
    _print(f"{'all':<22}{total[0]:>7}{total[1]:>7}")
    return total[1]


def _seconds(action: Callable[[], object]) -> float:
    start = time.process_time()
    action()
    return time.process_time() - start


def _cost() -> None:
    """Time of each check for comments of 15, 30 and 60 kB: doubling the text must not do more than double it."""
    sizes = (15_000, 30_000, 60_000)
    texts = [
        (_SAMPLE * (size // len(_SAMPLE.encode()) + 1))[: size * len(_SAMPLE) // len(_SAMPLE.encode())]
        for size in sizes
    ]
    _print(f"\n{'milliseconds of CPU':<22}" + "".join(f"{size // 1000:>7} kB" for size in sizes) + f"{'60 : 15':>10}")

    def row(name: str, times: Sequence[float]) -> None:
        growth = f"{times[-1] / times[0]:>10.1f}" if times[0] > _MEASURABLE else ""
        _print(f"{name:<22}" + "".join(f"{1000 * value:>10.1f}" for value in times) + growth)

    for rule in TEXT_RULES:
        row(rule.name, [_seconds(partial(_exhaust, rule, text)) for text in texts])
    rendered = []
    for text in texts:
        document = blocks(text)
        rendered.append((document, write(document, marker(ACTION_ID))))
    row("rendering", [_seconds(partial(_render, text)) for text in texts])
    row("reading back", [_seconds(partial(faults, *one)) for one in rendered])
    row("all of it", [_seconds(partial(judge_text, text, CONTEXT)) for text in texts])


def _exhaust(rule: Rule, text: str) -> None:
    list(rule.check(Readings(text), CONTEXT))


def _render(text: str) -> str:
    return write(blocks(text), marker(ACTION_ID))


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")


def main() -> None:
    wrong = _table("hostile texts", hostile(), lambda case: f"{case.tier}: {case.kind}")
    wrong += _table("ordinary texts", ordinary(), lambda case: case.kind) + _plans() + _broken()
    _cost()
    _print(f"\n{wrong} wrong")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
