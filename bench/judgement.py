"""`python -m bench.judgement OTHER ANSWERS [ROUNDS]`: CPU of a plan's first judgement, beside another checkout.

OTHER is a checkout that was made before plans had a title, a risk and minutes (19a81eb, of which DESIGN's budget
speaks), ANSWERS a folder of answers in its schema; their strings are laid into today's. Each judgement is the first of
a process that has imported everything, by turns here and there; of the rounds the least counts. Exits 1 if one costs
more than a seventh.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any, Final

from local.child import ROOT

GOAL: Final = 7
REPOSITORY: Final = "acme/shop"
CANARY: Final = "canary-7f3a9c1e5b2d"
OWN: Final = ("Zq7wXv2LmP9sKd4TnR8yBf3H",)

_SIDE: Final = """
import json, os, sys, time
sys.path[:0] = ["src", "."]
import handlers  # the collector's threshold, as every function sets it
try:
    from tools import judge
except ImportError:
    from local import judge
from core.policy import engine, rules
prepared = hasattr(engine, "prepare")  # by the init phase, as an import is
if prepared:
    from core.tasks import registry
    engine.prepare({"qa_plan": registry.drafting("qa_plan")})
context = getattr(rules, "RuleContext", None) or rules.Context
context = context(repository=sys.argv[1], canary=sys.argv[2], own_secrets=(sys.argv[3],))
for line in sys.stdin:
    raw, files = json.loads(line)
    if os.fork() == 0:
        start = time.process_time()
        judged = judge.judge_raw(raw, tuple(files), "qa_plan", context)
        print(json.dumps([time.process_time() - start, judged["error"]]), flush=True)
        os._exit(0)
    os.wait()
"""


class Side:
    """One checkout, in a process that forks for each answer."""

    def __init__(self, tree: Path) -> None:
        command = [sys.executable, "-c", _SIDE, REPOSITORY, CANARY, *OWN]
        clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        self._child = subprocess.Popen(  # noqa: S603 - our own interpreter
            command, cwd=tree, env=clean, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def first(self, answer: dict[str, Any]) -> float:
        """Seconds of CPU. Raises SystemExit if the answer is no plan there: nothing would have been judged."""
        covers = dict.fromkeys(path for item in answer["test_plan"] for path in item["covers"])
        assert self._child.stdin
        assert self._child.stdout
        self._child.stdin.write(json.dumps([json.dumps(answer), list(covers)]) + "\n")
        self._child.stdin.flush()
        seconds, error = json.loads(self._child.stdout.readline())
        if error and "answer." in error:
            raise SystemExit(f"not judged: {error}")
        return float(seconds)


def laid(answer: dict[str, Any]) -> dict[str, Any]:
    """The strings of an old answer in today's schema."""
    return {
        **{name: [] for name in ("observations", "setup", "short_run", "not_tested", "open_questions")},
        "summary": answer["reason"][:400],
        "test_plan": [_scenario(item) for item in answer["test_plan"]],
        "before_merge": None,
        "general_checks": answer["general_checks"][:5],
        **{name: answer[name] for name in ("nothing_to_test", "reason", "evidence")},
    }


def _scenario(item: dict[str, Any]) -> dict[str, Any]:
    return {
        **{name: item[name] for name in ("ac_id", "covers")},
        "title": item["ac_text"][:80],
        "ac_text": item["ac_text"][:300],
        "basis": "diff",
        "risk": "high",
        "minutes": 5,
        "steps": [{"do": step, "code": None, "expect": None} for step in item["steps"]],
        "edge_cases": item["edge_cases"][:3],
    }


def main() -> None:
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    here, there = Side(ROOT), Side(Path(sys.argv[1]))
    ratios = []
    for path in sorted(Path(sys.argv[2]).glob("*.json")):
        old = json.loads(path.read_text())
        times = [(here.first(laid(old)), there.first(old)) for _ in range(int((sys.argv[3:] or ["15"])[0]))]
        now, before = (1000 * min(side) for side in zip(*times, strict=True))  # what disturbs only adds
        ratios.append(before / now)
        sys.stdout.write(f"{path.stem:<24}{before:>8.1f} ms there{now:>8.1f} ms here{ratios[-1]:>7.2f} x\n")
    sys.stdout.write(f"{len(ratios)} answers, median {median(ratios):.2f} x, lowest {min(ratios):.2f} x\n")
    sys.exit(min(ratios) < GOAL)


if __name__ == "__main__":
    main()
