"""`make soak MINUTES=60`: the stack under a mix of work and trouble for as long as wished, and what it left behind.

Dispatches, pushes, approvals and rejections in bursts; between them the worker is killed, the engine is restarted (it
keeps its tables over a clean stop alone), and relay, GitHub and model fail in every way their stand-ins know. At the
end the audit is exported as the command line does it, checked by the verifier, and held against what GitHub and the
model saw. A run that the queue gave up, after three deaths, has no end until somebody dispatches it again. Ends with 1
when anything does not hold.
"""

from __future__ import annotations

import copy
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import urllib3

from core.audit import note
from core.audit.note import LocalSigner
from dfg.exporting import export
from local.child import ROOT, Child
from local.client import Reply
from local.engine import ENGINE_PYTHON
from local.faults import Fault
from local.function import call
from local.model import Order
from local.stack import LOCAL_SIGNING_KEY, Stack, clean_environment
from local.web import HOST, listen
from tests.prove.crowd import laws_at_rest
from tests.prove.evidence import action_of
from tests.support.fakes import a_plan
from verifier import dfg_verify

SETTINGS: Final = {
    "GUARDRAIL_OVERRIDE": "acknowledged",
    "MAX_TASKS_PER_WINDOW": "100",
    "MAX_COST_PER_WINDOW_USD": "5",
    "MAX_CONSECUTIVE_FAILURES": "5",
    "CHECKPOINT_LAG_SECONDS": "20",
}
WINDOW: Final = 5_000_000
LAG_SECONDS: Final = 20
"""Before which events are left to the next checkpoint: short, so that the last one covers all there is."""
FIRST_PULL: Final = 5_000
AT_ONCE: Final = 4
REST_SECONDS: Final = 240.0
"""For deliveries of what was cut short to come to their end."""
RELAY: Final = (
    Fault(lose_answer=True),
    Fault(hang_up=True),
    Fault(status=502),
    Fault(status=502, done=True),
    Fault(land_later=True),
    Fault(delay_seconds=1.5),
)
GITHUB: Final = (Fault(status=502), Fault(hang_up=True), Fault(status=429, headers={"retry-after": "1"}))
MODEL: Final = (
    Order(status=529),
    Order(status=500),
    Order(hang_up=True),
    Order(text="{"),
    Order(stop_reason="max_tokens"),
    Order(stop_reason="refusal"),
    Order(delay_seconds=2.0),
)


@dataclass
class Counts:
    """What was done, answered and broken."""

    did: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, what: str) -> None:
        with self.lock:
            self.did[what] += 1


class DurableEngine:
    """The engine with its tables kept in a folder, at one address over all its restarts."""

    def __init__(self, folder: Path) -> None:
        probe = listen()
        self.port = probe.getsockname()[1]
        probe.close()
        self.url = f"http://{HOST}:{self.port}"
        environment = {
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(self.port),
            "IOT_MTLS_ENABLED": "0",
            "LOG_LEVEL": "ERROR",
            "PERSIST_STATE": "1",
            "STATE_DIR": str(folder / "tables"),
        }
        self._child = Child("engine", ["ministack"], environment, folder, python=str(ENGINE_PYTHON))

    def start(self) -> None:
        self._child.start()
        http = urllib3.PoolManager(retries=urllib3.Retry(200, backoff_factor=0.1, backoff_max=0.2), timeout=5.0)
        assert http.request("GET", f"{self.url}/_ministack/health").status == 200

    def stop(self) -> None:
        self._child.stop()


class Soak:
    """One stack, and the dice that decide what befalls it."""

    def __init__(self, stack: Stack, engine: DurableEngine, seed: int) -> None:
        self.stack, self.engine = stack, engine
        self.dice = random.Random(seed)  # noqa: S311 - a seeded test
        self.counts = Counts()
        self.pulls: list[int] = []
        self.sample = json.loads((ROOT / "local" / "sample" / "pull_request.json").read_text())
        self._calm = threading.Event()

    def run(self, seconds: float) -> None:
        """Bursts of callers, and one trouble after the other, until the time is over."""
        trouble = threading.Thread(target=self._trouble)
        trouble.start()
        end = time.monotonic() + seconds
        with ThreadPoolExecutor(AT_ONCE) as pool:
            while time.monotonic() < end:
                for done in [pool.submit(self._one, what) for what in self._burst()]:
                    done.result()
                self._calm.wait(self.dice.uniform(1.0, 8.0))
        self._calm.set()
        trouble.join()

    def _burst(self) -> list[Callable[[], tuple[str, Reply]]]:
        kinds = (self._dispatch, self._again, self._push, self._approve, self._approve_twice, self._reject, self._read)
        return [self.dice.choices(kinds, (3, 1, 1, 3, 1, 1, 1))[0]() for _ in range(self.dice.randint(1, AT_ONCE))]

    def _one(self, what: Callable[[], tuple[str, Reply]]) -> None:
        try:
            name, reply = what()
            self.counts.add(f"{name} {reply.status}")
        except urllib3.exceptions.HTTPError as error:
            self.counts.add(f"no answer: {type(error).__name__}")

    # --- what callers do ------------------------------------------------------------------------

    def _dispatch(self) -> Callable[[], tuple[str, Reply]]:
        pull = copy.deepcopy(self.sample)
        pull["pull"]["number"] = FIRST_PULL + len(self.pulls)
        self.pulls.append(self.stack.repository.load(pull))
        return self._ask(self.pulls[-1], "dispatch")

    def _again(self) -> Callable[[], tuple[str, Reply]]:
        return self._ask(self.dice.choice(self.pulls), "dispatch again") if self.pulls else self._read()

    def _push(self) -> Callable[[], tuple[str, Reply]]:
        if not self.pulls:
            return self._read()
        number = self.dice.choice(self.pulls)
        self.stack.repository.push(number, f"{self.dice.getrandbits(160):040x}")
        return self._ask(number, "dispatch of a push")

    def _ask(self, number: int, name: str) -> Callable[[], tuple[str, Reply]]:
        assert self.stack.model is not None
        if self.dice.random() < 0.5:
            paths = [file["filename"] for file in self.sample["files"]]
            plan = a_plan(paths[0], general_checks=["Open https://elsewhere.example.org/x and look"])
            self.stack.model.order(Order(text=json.dumps(plan)))
        headers = {"prefer": "respond-async"} if self.dice.random() < 0.5 else {}
        return lambda: (name, self.stack.client.post("/dispatch/qa-plan", {"prNumber": number}, headers))

    def _approve(self) -> Callable[[], tuple[str, Reply]]:
        return lambda: self._decide("approve")

    def _approve_twice(self) -> Callable[[], tuple[str, Reply]]:
        def both() -> tuple[str, Reply]:
            path = self._waiting("approve")
            if path is None:
                return "/pending", self.stack.client.get("/pending")
            other = threading.Thread(target=self._one, args=(lambda: ("approve, two", self.stack.client.post(path)),))
            other.start()
            mine = self.stack.client.post(path)
            other.join()
            return "approve, two", mine

        return both

    def _reject(self) -> Callable[[], tuple[str, Reply]]:
        return lambda: self._decide("reject")

    def _read(self) -> Callable[[], tuple[str, Reply]]:
        path = self.dice.choice(["/pending", "/audit", "/health", "/phases"])
        return lambda: (path, self.stack.client.get(path))

    def _decide(self, how: str) -> tuple[str, Reply]:
        path = self._waiting(how)
        if path is None:
            return "/pending", self.stack.client.get("/pending")
        return how, self.stack.client.post(path, {"reason": "not needed"} if how == "reject" else None)

    def _waiting(self, how: str) -> str | None:
        reply = self.stack.client.get("/pending")
        items = reply.body["actions"] if reply.status == 200 else []
        return f"/{how}/{items[len(items) // 2]['id']}" if items else None

    # --- what befalls them ----------------------------------------------------------------------

    def _trouble(self) -> None:
        dice = random.Random(self.dice.getrandbits(32))  # noqa: S311 - a seeded test
        kinds = (self._kill, self._restart, self._bad_relay, self._bad_github, self._bad_model, self._land)
        while not self._calm.wait(dice.uniform(5.0, 20.0)):
            dice.choices(kinds, (3, 1, 4, 1, 4, 2))[0](dice)

    def _kill(self, dice: random.Random) -> None:
        assert self.stack.worker is not None
        self.counts.add("the worker was killed")
        self.stack.worker.kill()

    def _restart(self, dice: random.Random) -> None:
        self.counts.add("the engine was restarted")
        self.engine.stop()
        self._calm.wait(dice.uniform(0.0, 3.0))
        self.engine.start()

    def _bad_relay(self, dice: random.Random) -> None:
        assert self.stack.relay is not None
        self.counts.add("the relay failed")
        self.stack.relay.faults.order("relay.comment", dice.choice(RELAY))

    def _bad_github(self, dice: random.Random) -> None:
        assert self.stack.github is not None
        self.counts.add("GitHub failed")
        self.stack.github.faults.order("*", dice.choice(GITHUB))

    def _bad_model(self, dice: random.Random) -> None:
        assert self.stack.model is not None
        self.counts.add("the model failed")
        self.stack.model.order(dice.choice(MODEL))

    def _land(self, dice: random.Random) -> None:
        assert self.stack.relay is not None
        self.counts.add("late comments landed")
        self.stack.relay.faults.land()


def settle(soak: Soak) -> None:
    """No more trouble; what was late lands, and what was cut short is delivered again until it has ended."""
    stack = soak.stack
    assert stack.relay is not None
    assert stack.github is not None
    assert stack.model is not None
    assert stack.invoke is not None
    for faults in (stack.relay.faults, stack.github.faults):
        faults.forget_orders()
    stack.relay.faults.land()
    stack.model.release()
    end = time.monotonic() + REST_SECONDS
    while time.monotonic() < end and unfinished(stack):
        time.sleep(5.0)


def unfinished(stack: Stack) -> list[str]:
    """Runs and decisions that have begun and not ended, as `kind id`."""
    left: list[str] = []
    query: str | None = "/audit?limit=100"
    while query:
        page = stack.client.get(query).body
        left += [f"{run['kind']} {run['runId']}" for run in page["runs"] if run["status"] == "running"]
        query = f"/audit?limit=100&cursor={page['cursor']}" if page["cursor"] else None
    return left


def exported(stack: Stack, folder: Path) -> tuple[Path, str]:
    """The audit as the command line exports it, and the key that signs its checkpoints."""
    time.sleep(LAG_SECONDS + 1)
    call("CheckpointFunction", {}, stack.environment)

    def get(path: str, query: Mapping[str, str]) -> Mapping[str, Any] | None:
        reply = stack.client.get(f"{path}?{'&'.join(f'{k}={v}' for k, v in query.items())}" if query else path)
        return reply.body if reply.status == 200 else None

    file = folder / "audit.jsonl"
    lines = list(export(get))
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    [origin] = {line["note"].split("\n")[1] for line in lines if line["type"] == "checkpoint"}
    return file, note.verifier_key(origin, LocalSigner(LOCAL_SIGNING_KEY).public_key)


def broken(soak: Soak, file: Path) -> list[str]:
    """What the audit alone says otherwise than GitHub and the model."""
    stack = soak.stack
    assert stack.model is not None
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    events = [line["event"] for line in lines if line["type"] == "event"]
    by_type: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for event in events:
        by_type[event["type"]].append(event)
    landed = Counter(
        action_of(comment["body"]) for number in soak.pulls for comment in stack.repository.comments(number)
    )
    intended = {event["data"]["actionId"] for event in by_type["action.intended"]}
    executed = {event["data"]["actionId"] for event in by_type["action.executed"]}
    settled = sum(event["data"]["charged"] for event in by_type["charge.settled"])
    requested = sum(event["data"]["amount"] for event in by_type["charge.requested"])
    wrong = [f"action {action} has {times} comments" for action, times in landed.items() if times > 1]
    wrong += [f"action {action} landed without an intent" for action in landed.keys() - intended]
    wrong += [f"action {action} is called executed and is not on GitHub" for action in executed - landed.keys()]
    if settled > requested:
        wrong.append(f"{settled} micro-dollars were settled of {requested} requested")
    print(f"{len(events)} events, {len(intended)} intended, {len(executed)} executed, {landed.total()} on GitHub")
    print(
        f"micro-dollars: {requested} reserved, {settled} settled; {len(stack.model.calls.entries())} calls of the model"
    )
    return wrong


def unheld(stack: Stack) -> list[str]:
    """The laws that do not hold in the tables. What the queue gave up is told, and may be without an end."""
    assert stack.invoke is not None
    _, laws = laws_at_rest(stack, time.time_ns() // 1_000_000, WINDOW)
    given_up = [letter.decode() for letter in stack.invoke.dead_letters.entries()]
    print(f"not ended: {', '.join(unfinished(stack)) or 'none'}; given up by the queue: {len(given_up)}")
    return [law for law in laws if not (" has no end" in law and law.split()[1] in "".join(given_up))]


def main() -> int:
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns() % 1_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        engine = DurableEngine(folder)
        engine.start()
        try:
            environment = clean_environment({"AWS_ENDPOINT_URL_DYNAMODB": engine.url, **SETTINGS})
            with Stack(environment, logs=folder / "logs", retry_delays=(1.0, 2.0)) as stack:
                soak = Soak(stack, engine, seed)
                soak.run(60 * minutes)
                settle(soak)
                print(f"seed {seed}, {minutes:g} minutes")
                print("\n".join(f"{times:>6}  {what}" for what, times in sorted(soak.counts.did.items())))
                file, key = exported(stack, folder)
                status = dfg_verify.main([str(file), "--key", key])
                wrong = [*broken(soak, file), *unheld(stack)]
        finally:
            engine.stop()
    print("\n".join(wrong) or "every law holds")
    return 1 if wrong or status else 0


if __name__ == "__main__":
    sys.exit(main())
