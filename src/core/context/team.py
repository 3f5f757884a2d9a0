"""A team's own words as data files: labels and their transitions, triage rules, context packs.

A folder holds `taxonomy.json`, `rules.json`, `packs.json` and `packs/NAME.md`. All of it is checked
when it is loaded; what contradicts itself is refused with its file and line.
"""

import hashlib
import json
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, Final, NoReturn

from core.canonical import digest
from core.context.labels import Labels
from core.errors import ConfigurationError
from core.prompts.tokens import estimate
from core.types import SPRINTS, TASK_TYPES, Pack, Sprint, TaskType

TEAMS: Final = Path(__file__).parent / "teams"
DEFAULT: Final = TEAMS / "dfg"
PRIORITIES: Final = ("P0", "P1", "P2", "P3")
MOST_PACK_TOKENS: Final = 2_000
MOST_LABEL_CHARACTERS: Final = 50
"""GitHub takes no longer name of a label; a comma would end it in GitHub's own filters."""


@dataclass(frozen=True)
class Taxonomy:
    """The labels there are, and how the status may change."""

    transitions: Mapping[str, Labels]
    """Status → the statuses that may follow it."""
    exclusive: Mapping[str, Labels]
    """Groups of which an issue may have one label: `status` and others."""
    free: Labels

    @cached_property
    def labels(self) -> Labels:
        return Labels(chain(self.free, *self.exclusive.values()))

    def touched(self, labels: Iterable[str]) -> tuple[str, ...]:
        """The exclusive groups that a change of these labels touches, sorted: what its approval binds to."""
        return tuple(sorted(name for name, group in self.exclusive.items() if group & labels))

    def state(self, current: Iterable[str], changed: Iterable[str]) -> str:
        """SHA-256 over what `current` holds of the exclusive groups that a change of `changed` touches.

        The labels are spelled as in the taxonomy, however GitHub spells them.
        """
        return digest({name: sorted(self.exclusive[name] & current) for name in self.touched(changed)})

    def may_move(self, before: str, after: str) -> bool:
        """Whether an issue may go from one status to another."""
        return after in self.transitions.get(self.exclusive["status"].spelled(before), ())


@dataclass(frozen=True)
class Priority:
    """A priority's label, and when it applies, in words for the model."""

    label: str
    when: str


@dataclass(frozen=True)
class TriageRules:
    """What the answers of triage and sprint planning mean in labels."""

    priorities: Mapping[str, Priority]
    sprints: Mapping[Sprint, str]
    components: Mapping[str, str]
    untriaged: str
    """The status of an issue that nobody has looked at."""
    ready: str
    """The status of an issue that can be worked on."""
    questions: str | None
    """Added when something has to be asked."""
    queues: Mapping[TaskType, str]
    """The label whose issues a schedule takes up."""
    webhook_label: str | None
    """A pull request that gets this label asks for a QA plan."""
    webhook_comment: str | None
    """So does a comment of exactly this text."""


@dataclass(frozen=True)
class Team:
    """One folder, read and checked. `digest` is SHA-256 over its taxonomy and rules: it is part of the policy."""

    taxonomy: Taxonomy
    rules: TriageRules
    packs: Mapping[TaskType, tuple[Pack, ...]]
    digest: str


def load(folder: Path = DEFAULT) -> Team:
    """The team's files. Raises ConfigurationError naming the file and line that is wrong."""
    taxonomy_file, rules_file, packs_file = (_File(folder / f"{name}.json") for name in ("taxonomy", "rules", "packs"))
    taxonomy = _taxonomy(taxonomy_file)
    return Team(
        taxonomy=taxonomy,
        rules=_rules(rules_file, taxonomy),
        packs=_packs(packs_file, folder / "packs"),
        digest=hashlib.sha256(f"{taxonomy_file.text}\0{rules_file.text}".encode()).hexdigest(),
    )


class _File:
    """One JSON file, and where in it something stands."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self.text = path.read_text("utf-8")
            self.data = json.loads(self.text, object_pairs_hook=self._once)
        except OSError as error:
            raise ConfigurationError(f"{path.name} cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise ConfigurationError(f"{path.name} is not UTF-8 text") from None
        except json.JSONDecodeError as error:
            raise ConfigurationError(f"{path.name}:{error.lineno}: {error.msg}") from None
        if not isinstance(self.data, dict):
            self.refuse("must be an object")

    def refuse(self, why: str, *at: str) -> NoReturn:
        """Raises for the last line that holds the first of these texts that can be found, or for the whole file."""
        lines = list(enumerate(self.text.splitlines(), 1))
        spellings = [spelling for text in at for spelling in (json.dumps(text, ensure_ascii=False), json.dumps(text))]
        found = (number for spelling in spellings for number, line in reversed(lines) if spelling in line)
        number = next(found, None)
        where = self._path.name if number is None else f"{self._path.name}:{number}"
        raise ConfigurationError(f"{where}: {why}")

    def only(self, required: Iterable[str], optional: Iterable[str] = ()) -> None:
        """Exactly these fields."""
        for name in required:
            if name not in self.data:
                self.refuse(f"{name!r} is missing")
        for name in self.data:
            if name not in {*required, *optional}:
                self.refuse(f"{name!r} is not a field of this file", name)

    def texts(self, name: str, value: Any) -> tuple[str, ...]:
        """A list of strings, each once."""
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            self.refuse(f"{name!r} must be a list of strings", name)
        for text in value:
            if value.count(text) > 1:
                self.refuse(f"{text!r} stands twice in {name!r}", text)
        return tuple(value)

    def table(self, name: str, value: Any, keys: Iterable[str] | None = None) -> Mapping[str, Any]:
        """An object, where `keys` are given with exactly these."""
        if not isinstance(value, dict):
            self.refuse(f"{name!r} must be an object", name)
        expected = set(value) if keys is None else set(keys)
        for key in sorted(expected ^ set(value)):
            self.refuse(f"{key!r} {'is missing in' if key in expected else 'is not a field of'} {name!r}", key, name)
        return value

    def one_of(self, name: str, value: Any, known: Container[str], what: str) -> str:
        """A string out of `known`."""
        if not isinstance(value, str):
            self.refuse(f"{name!r} must be a string", name)
        if value not in known:
            self.refuse(f"{value!r} is not {what}", value)
        return str(value)

    def _once(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        for name in names:
            if names.count(name) > 1:
                self.refuse(f"{name!r} stands twice in one object", name)
        return dict(pairs)


def _taxonomy(file: _File) -> Taxonomy:
    file.only(("status", "final", "exclusive", "free"))
    status = file.table("status", file.data["status"])
    transitions = {here: file.texts(here, to) for here, to in status.items()}
    statuses, final = Labels(transitions), Labels(file.texts("final", file.data["final"]))
    for here, to in transitions.items():
        for there in to:
            file.one_of(here, there, statuses, "a status")
        if here in Labels(to):
            file.refuse(f"{here!r} leads to itself", here)
        if not to and here not in final:
            file.refuse(f"no way leads out of {here!r}: give it one, or name it under 'final'", here)
    for name in final:
        if transitions[statuses.spelled(file.one_of("final", name, statuses, "a status"))]:
            file.refuse(f"{name!r} is final and has a way out", name)
    if not transitions:
        file.refuse("there is no status", "status")
    groups = {
        name: file.texts(name, labels) for name, labels in file.table("exclusive", file.data["exclusive"]).items()
    }
    if "status" in groups:
        file.refuse("'status' is a group of its own already", "status")
    groups["status"] = tuple(transitions)
    free = file.texts("free", file.data["free"])
    everything = [*free, *chain(*groups.values())]
    for index, label in enumerate(everything):
        if label in Labels(everything[:index]):
            file.refuse(f"{label!r} stands in two groups, or twice in one", label)
        if not 0 < len(label) <= MOST_LABEL_CHARACTERS or "," in label or not label.isprintable():
            file.refuse(f"{label!r} cannot be the name of a label on GitHub", label)
    return Taxonomy(
        transitions={here: Labels(to) for here, to in transitions.items()},
        exclusive={name: Labels(labels) for name, labels in groups.items()},
        free=Labels(free),
    )


def _rules(file: _File, taxonomy: Taxonomy) -> TriageRules:
    file.only(
        ("priorities", "sprints", "components", "untriaged", "ready", "queues"),
        ("questions", "webhook"),
    )
    data = file.data

    def label(name: str, value: Any) -> str:
        return file.one_of(name, value, taxonomy.labels, "a label of the taxonomy")

    def status(name: str) -> str:
        return file.one_of(name, data[name], taxonomy.exclusive["status"], "a status of the taxonomy")

    priorities = {}
    for name, entry in file.table("priorities", data["priorities"], PRIORITIES).items():
        fields = file.table(name, entry, ("label", "when"))
        if not isinstance(fields["when"], str) or not fields["when"].strip():
            file.refuse(f"{name!r} does not say when it applies", name)
        priorities[name] = Priority(label("label", fields["label"]), fields["when"])
    queues = file.table("queues", data["queues"])
    webhook = file.table("webhook", data.get("webhook", {}))
    for name in webhook:
        file.one_of("webhook", name, ("label", "comment"), "a field of 'webhook'")
        if not isinstance(webhook[name], str) or not webhook[name].strip():
            file.refuse(f"{name!r} of 'webhook' must be a text", name)
    rules = TriageRules(
        priorities=priorities,
        sprints={sprint: label(sprint, file.table("sprints", data["sprints"], SPRINTS)[sprint]) for sprint in SPRINTS},
        components={name: label(name, value) for name, value in file.table("components", data["components"]).items()},
        untriaged=status("untriaged"),
        ready=status("ready"),
        questions=label("questions", data["questions"]) if data.get("questions") is not None else None,
        queues={task: label(task, queues[task]) for task in TASK_TYPES if task in queues},
        webhook_label=webhook.get("label"),
        webhook_comment=webhook.get("comment"),
    )
    for name in queues:
        file.one_of("queues", name, TASK_TYPES, "a task type")
    groups = {"priorities": [p.label for p in priorities.values()], "sprints": list(rules.sprints.values())}
    for name, labels in groups.items():
        for index, text in enumerate(labels):
            if text in Labels(labels[:index]):
                file.refuse(f"{text!r} stands twice in {name!r}", text)
        if not any(Labels(labels) <= group for group in taxonomy.exclusive.values()):
            file.refuse(f"the labels of {name!r} are not of one exclusive group", name)
    return rules


def _packs(file: _File, folder: Path) -> dict[TaskType, tuple[Pack, ...]]:
    file.only(("versions", "tasks"))
    packs = {}
    for name, version in file.table("versions", file.data["versions"]).items():
        if not name.isidentifier() or type(version) is not int or version < 1:
            file.refuse(f"{name!r} must be a plain name with a version of at least 1", name)
        try:
            text = (folder / f"{name}.md").read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            file.refuse(f"the pack packs/{name}.md cannot be read", name)
        if not 0 < estimate(text) <= MOST_PACK_TOKENS:
            file.refuse(f"the pack {name!r} has {estimate(text):,} tokens, of at most {MOST_PACK_TOKENS:,}", name)
        packs[name] = Pack(name, text, hashlib.sha256(text.encode()).hexdigest(), version)
    tasks = file.table("tasks", file.data["tasks"], TASK_TYPES)
    chosen = {
        task: tuple(packs[file.one_of(task, n, packs, "a pack")] for n in file.texts(task, tasks[task]))
        for task in TASK_TYPES
    }
    for name in packs:
        if not any(pack.name == name for used in chosen.values() for pack in used):
            file.refuse(f"no task uses the pack {name!r}", name)
    return chosen
