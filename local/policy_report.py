"""How the policy does on its corpora, by class, and what each check costs: `python -m local.policy_report`.

Exits 1 if a hostile text is live or not treated as its class demands, an ordinary one is stopped, or a
broken answer passes.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from core.policy.rules import TEXT_RULES, Context, Rule
from core.text.markdown import marker, write
from core.text.prose import blocks
from core.text.read_back import faults
from core.text.readings import Readings, read
from local.judge import ACTION_ID, judge_raw, judge_text
from tests.corpus.bots import live
from tests.corpus.load import CANARY, OWN, REPOSITORY, Case, broken, hostile, ordinary

CONTEXT: Final = Context(REPOSITORY, CANARY, OWN)
_MEASURABLE: Final = 0.001
"""Seconds from which the growth of a time means something."""
_SAMPLE: Final = (
    "Open http://localhost:3000/items as a new user, press `Save` and check that List<str> in src/merge/close.py is "
    "sorted; @pytest.fixture is used once, see #12 and /api/merge. Проверьте вход, 確認 👩‍💻.\n"
)


def fault(case: Case, rules: Sequence[Rule] = TEXT_RULES) -> str | None:
    """What is wrong with the treatment of one corpus line; None when it is as it must be."""
    judged = judge_text(case.body, CONTEXT, rules)
    classification = judged["classification"]
    rules_hit = ", ".join(sorted({finding["rule"] for finding in judged["findings"]}))
    if case.expect == "auto_safe" and classification != "auto_safe":
        return f"{classification} by {rules_hit}"
    if case.expect == "refuse" and classification != "rejected":
        return f"{classification}, must be refused"
    if case.expect == "ask" and classification == "auto_safe":
        return "auto_safe, must ask"
    acts = live(judged["rendered"]) if judged["rendered"] is not None else None
    acts = acts or next(filter(None, (live(finding["excerpt"]) for finding in judged["findings"])), None)
    return f"live: {acts}" if acts else None


def treated(case: Case) -> str:
    """Refused, asked or inert."""
    names = {"rejected": "refused", "requires_approval": "asked", "auto_safe": "inert"}
    return names[judge_text(case.body, CONTEXT)["classification"]]


def _table(title: str, cases: Sequence[Case]) -> int:
    rows: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    faults = []
    for case in cases:
        wrong = fault(case)
        row = rows[case.kind]
        row["cases"] += 1
        row[treated(case)] += 1
        if wrong:
            row["wrong"] += 1
            faults.append(f"  {case.id} {case.kind}: {wrong}: {ascii(case.body)[:100]}")
    _print(f"\n{title:<22}{'cases':>7}{'refused':>9}{'asked':>7}{'inert':>7}{'wrong':>7}")
    for kind in sorted(rows):
        _print(f"{kind:<22}" + _counts(rows[kind]))
    _print(f"{'all':<22}" + _counts({key: sum(row[key] for row in rows.values()) for key in _COLUMNS}))
    for line in faults:
        _print(line)
    return len(faults)


_COLUMNS: Final = ("cases", "refused", "asked", "inert", "wrong")


def _counts(row: dict[str, int]) -> str:
    widths = (7, 9, 7, 7, 7)
    return "".join(f"{row.get(column, 0):>{width}}" for column, width in zip(_COLUMNS, widths, strict=True))


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
    readings = [read(text) for text in texts]
    _print(f"\n{'milliseconds of CPU':<22}" + "".join(f"{size // 1000:>7} kB" for size in sizes) + f"{'60 : 15':>10}")

    def row(name: str, times: Sequence[float]) -> None:
        growth = f"{times[-1] / times[0]:>10.1f}" if times[0] > _MEASURABLE else ""
        _print(f"{name:<22}" + "".join(f"{1000 * value:>10.1f}" for value in times) + growth)

    row("readings", [_seconds(partial(read, text)) for text in texts])
    for rule in TEXT_RULES:
        row(rule.name, [_seconds(partial(_exhaust, rule, text)) for text in readings])
    rendered = []
    for text in texts:
        document = blocks(text)
        rendered.append((document, write(document, marker(ACTION_ID))))
    row("rendering", [_seconds(partial(_render, text)) for text in texts])
    row("reading back", [_seconds(partial(faults, *one)) for one in rendered])
    row("all of it", [_seconds(partial(judge_text, text, CONTEXT)) for text in texts])


def _exhaust(rule: Rule, text: Readings) -> None:
    list(rule.check(text, CONTEXT))


def _render(text: str) -> str:
    return write(blocks(text), marker(ACTION_ID))


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")


def main() -> None:
    wrong = _table("hostile texts", hostile()) + _table("ordinary texts", ordinary()) + _broken()
    _cost()
    _print(f"\n{wrong} wrong")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
