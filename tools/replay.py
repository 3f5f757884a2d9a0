"""Judges exported runs again: `python -m tools.replay EXPORT [RUN]`. No effect, no model call, no write.

The policy is that of the `core` on the path: a candidate is tried by putting its `src` there instead.
Exit status: 0 all the same, 2 events were altered or stored bytes do not fit them, 3 a verdict or its checks differ.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from core.audit.content import Content
from core.audit.log import Event, fault
from core.audit.replay import Replayed, replay
from core.context import team
from core.context.team import Team
from core.policy.version import version


def read_runs(lines: Iterable[str]) -> dict[str, tuple[list[Any], dict[str, Content]]]:
    """Events and content by run, of an export."""
    runs: dict[str, tuple[list[Any], dict[str, Content]]] = {}
    for line in lines:
        record = json.loads(line)
        if record["type"] == "event":
            runs.setdefault(record["event"]["chain"], ([], {}))[0].append(record["event"])
        elif record["type"] == "content":
            kept = Content(record["name"], base64.b64decode(record["data_b64"]), bytes.fromhex(record["salt"]))
            runs.setdefault(record["run"], ([], {}))[1][kept.name] = kept
    return {run: kept for run, kept in runs.items() if any(_is_dispatch(event) for event in kept[0])}


def _is_dispatch(event: Any) -> bool:
    return bool(event["type"] == "run.started" and event["data"].get("kind") == "dispatch")


def judge(run: str, events: Sequence[Any], content: Mapping[str, Content], words: Team) -> Replayed:
    """One run, once its events have been found to be a whole chain: what they say is what it is held against."""
    try:
        broken = fault([Event(**event) for event in events])
        if broken is None:
            return replay(run, events, content, words)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        broken = f"its events or contents are not those of a run: {type(error).__name__} {error}"
    return Replayed(run, "not judged", "", "", faults=(broken,))


def tell(replayed: Replayed) -> str:
    """One run, in a line or a few."""
    lines = [f"{replayed.run_id}  {replayed.result}: {replayed.recorded or '-'} → {replayed.now or '-'}"]
    lines += [f"    + {check}" for check in replayed.appeared]
    lines += [f"    - {check}" for check in replayed.gone]
    lines += [f"    ! {fault}" for fault in replayed.faults]
    lines += [f"    {replayed.why}"] if replayed.why else []
    return "\n".join(lines)


def summary(all_replayed: list[Replayed]) -> str:
    """How many stayed the same, and what became of the others."""
    counts: Counter[str] = Counter()
    for replayed in all_replayed:
        if replayed.result == "differs" and replayed.recorded != replayed.now:
            words = {"rejected": "now refused", "requires_approval": "now ask the Captain", "auto_safe": "now pass"}
            counts[words.get(replayed.now, "cannot be read")] += 1
        else:
            counts["other checks, same verdict" if replayed.result == "differs" else replayed.result] += 1
    runs = "1 run" if len(all_replayed) == 1 else f"{len(all_replayed)} runs"
    return f"{runs}: " + ", ".join(f"{count} {name}" for name, count in counts.most_common())


def main() -> int:
    parser = argparse.ArgumentParser(description="Judge exported runs again under the policy of this checkout.")
    parser.add_argument("export", type=Path)
    parser.add_argument("run", nargs="?", help="one run alone")
    options = parser.parse_args()
    try:
        runs = read_runs(options.export.read_text(encoding="utf-8").splitlines())
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"{options.export} is not an export: {error}", file=sys.stderr)
        return 2
    if options.run is not None:
        if options.run not in runs:
            print(f"the export has no run {options.run}", file=sys.stderr)
            return 2
        runs = {options.run: runs[options.run]}
    words = team.load(Path(os.environ["TEAM_FILES"])) if os.environ.get("TEAM_FILES") else team.load()
    replayed = [judge(run, events, content, words) for run, (events, content) in runs.items()]
    for one in replayed:
        if one.result == "differs" or one.faults or options.run:
            print(tell(one))
    print(f"policy {version(words)}")
    print(summary(replayed))
    if any(one.faults for one in replayed):
        return 2
    return 3 if any(one.result == "differs" for one in replayed) else 0


if __name__ == "__main__":
    sys.exit(main())
