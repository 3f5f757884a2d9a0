"""`make eval`: how good the answers are, on cases whose faults are known.

make eval                                the model: Claude where ANTHROPIC_API_KEY is set, the stand-in otherwise
make eval ANSWERS=evals/recorded          recorded answers; those written for another request are marked as stale
make eval TASK=triage                    qa_plan, triage, agent_brief, sprint_plan, or all
make eval CASES=dir                      other pull requests in GitHub's REST shape; what needs a truth is "-"
make eval OUT=new.json BASE=old.json     all figures as JSON, and what got better or worse
make eval REQUESTS=dir                   no answer: the exact requests as files, and a readable prompt beside each
make eval RECORD=dir MODEL=name          no grading: keeps NAME.txt of the folder as recorded answers
make eval JUDGE=1 AGAINST=dir SPEND=2    a blind comparison with other answers, for at most two dollars
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.app import App
from core.dispatcher import pricing
from core.errors import ConfigurationError
from core.types import TASK_TYPES, Prompt, TaskType, Verdict
from evals import answers, judging, metrics, requests
from evals.answers import Given, Missing
from evals.case import BadCase, Case, has_cases, load
from evals.grading import row
from local.model import ModelStandIn


@dataclass(frozen=True)
class Graded:
    """One case with its answer."""

    case: Case
    given: Given
    verdict: Verdict
    row: metrics.Row

    @property
    def body(self) -> str:
        """What a tester would read: the comment, or the raw answer where policy refuses it."""
        bodies = [action.payload["body"] for action in self.verdict.actions if action.type == "add_comment"]
        return str(bodies[0]) if bodies else self.given.text


def main(arguments: Sequence[str], env: Mapping[str, str]) -> int:
    options = _options(arguments)
    try:
        cases = [case for task in _tasks(options.task) for case in load(task, options.cases)]
        if options.requests:
            return _write_requests(cases, env, options.requests)
        if options.record:
            return _record(cases, env, options.record, options.model)
        with _model(env, options.answers) as (environment, source):
            graded = list(_grade(cases, environment, options.answers, source))
        report = _report(graded, source)
        if options.out:
            options.out.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", "utf-8")
        if options.base:
            _compare(options.base, graded)
        if options.judge:
            return _judge(graded, env, options.against, options.spend)
    except (BadCase, ConfigurationError) as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        return _fail("stopped")
    return 0 if options.answers or len(graded) == len(cases) else 1


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make eval", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--task", choices=(*TASK_TYPES, "all"), default="qa_plan")
    for name in ("cases", "answers", "requests", "record", "base", "out", "against"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--model", default="unknown")
    parser.add_argument("--judge", action="store_true")
    parser.add_argument("--spend", type=float, default=0.0)
    return parser.parse_args(arguments)


def _tasks(name: str) -> tuple[TaskType, ...]:
    return tuple(task for task in TASK_TYPES if name == task or (name == "all" and has_cases(task)))


@contextmanager
def _model(env: Mapping[str, str], recorded: Path | None) -> Iterator[tuple[Mapping[str, str], str]]:
    """The environment that names a model, and what the answers come from."""
    if recorded:
        yield env, f"recorded answers of {recorded}"
    elif env.get("ANTHROPIC_API_KEY") or env.get("ANTHROPIC_BASE_URL"):
        yield env, "the model that ANTHROPIC_* names"
    else:
        stand_in = ModelStandIn()
        stand_in.start()
        try:
            own = {"ANTHROPIC_API_KEY": stand_in.api_key, "ANTHROPIC_BASE_URL": stand_in.url}
            yield {**env, **own}, "the stand-in, which is not Claude"
        finally:
            stand_in.close()


def _grade(cases: Sequence[Case], env: Mapping[str, str], recorded: Path | None, source: str) -> Iterator[Graded]:
    """Each case as it is done."""
    _say(f"{len(cases)} cases, {source}")
    for number, case in enumerate(cases, 1):
        began = time.monotonic()
        with requests.service(case, env) as app:
            prompt = requests.prompt(app, case)
            given = answers.recorded(recorded, case, prompt) if recorded else _ask(app, case, prompt)
            if isinstance(given, Missing):
                _say(f"[{number}/{len(cases)}] {case.name}: no answer, {given.why}")
                continue
            verdict = requests.verdict(app, prompt, given.text)
        _say(f"[{number}/{len(cases)}] {case.name}: {time.monotonic() - began:.1f} s {given.note}".rstrip())
        yield Graded(case, given, verdict, row(case, prompt, given, verdict))


def _ask(app: App, case: Case, prompt: Prompt) -> Given | Missing:
    worst = pricing.worst_case(prompt.model, prompt.input_bound, prompt.max_tokens)
    _say(f"    {case.name}: {prompt.input_estimate:,} tokens, at most ${worst / 1_000_000:.4f}")
    return answers.ask(app, case, prompt)


def _report(graded: Sequence[Graded], source: str) -> dict[str, Any]:
    """Prints the tables; what goes into the file."""
    for task in TASK_TYPES:
        rows = {one.case.name: one.row for one in graded if one.case.task_type == task}
        if not rows:
            continue
        print(f"\n{task}\n{metrics.table(rows)}")
        for name, its in rows.items():
            for column, metric in its.items():
                if metric.details and column not in ("behaviours",):
                    print(f"  {name}: {column}: {'; '.join(metric.details)}")
    stale = [one.case.name for one in graded if one.given.note == answers.STALE]
    if stale:
        print(f"\nstale, written for another request: {', '.join(stale)}")
    return {
        "source": source,
        "cases": {
            f"{one.case.task_type}/{one.case.name}": {name: metric.as_json() for name, metric in one.row.items()}
            for one in graded
        },
    }


def _compare(base: Path, graded: Sequence[Graded]) -> None:
    try:
        before = metrics.read_rows(json.loads(base.read_text("utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadCase(f"{base} is no report of make eval: {error}") from None
    after = {f"{one.case.task_type}/{one.case.name}": one.row for one in graded}
    lines = metrics.compare(before, after)
    print(f"\nagainst {base}")
    print("\n".join(lines) if lines else "no difference")


def _write_requests(cases: Sequence[Case], env: Mapping[str, str], folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    for case in cases:
        with requests.service(case, env) as app:
            prompt = requests.prompt(app, case)
        (folder / f"{case.name}.request.json").write_bytes(prompt.body)
        (folder / f"{case.name}.prompt.txt").write_text(requests.readable(prompt), "utf-8")
        print(f"{case.name}  {requests.digest(prompt)}  {prompt.input_estimate:,} tokens")
    return 0


def _record(cases: Sequence[Case], env: Mapping[str, str], raw: Path, model: str) -> int:
    for case in cases:
        with requests.service(case, env) as app:
            prompt = requests.prompt(app, case)
        try:
            print(answers.record(raw, case, prompt, model))
        except BadCase as error:
            _say(str(error))
    return 0


def _judge(graded: Sequence[Graded], env: Mapping[str, str], against: Path | None, spend: float) -> int:
    """Asks the judge about each plan beside the recorded one of `against`."""
    if not env.get("ANTHROPIC_API_KEY"):
        return _fail("a judge needs ANTHROPIC_API_KEY")
    if against is None:
        return _fail("AGAINST=dir names the answers to compare with")
    plans = [one for one in graded if one.case.task_type == "qa_plan"]
    others = {one.case.name: one for one in _grade([one.case for one in plans], env, against, f"beside {against}")}
    pairs = [judging.Pair(one.case, one.body, others[one.case.name].body) for one in plans if one.case.name in others]
    cost = judging.bound(pairs) / 1_000_000
    _say(f"{len(pairs)} pairs cost at most about ${cost:.2f}")
    if cost > spend or not pairs:
        return _fail(f"not judged: SPEND={cost:.2f} says that it may cost that")
    both: list[judging.Judgement] = []
    for pair in pairs:
        with requests.service(pair.case, env) as app:
            said = judging.judge(pair, app.model().send)
        both += said
        print(f"{pair.case.name}: {_shown(said)}", *(f"  {one.winner}: {one.why}" for one in said), sep="\n")
    print(f"all: {_shown(both)}")
    return 0


def _shown(judgements: list[judging.Judgement]) -> str:
    tally = judging.tally(judgements)
    return f"these {tally['first']}, the others {tally['second']}, ties {tally['tie']} of {len(judgements)}"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _fail(message: str) -> int:
    _say(message)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
