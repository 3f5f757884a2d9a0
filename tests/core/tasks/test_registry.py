"""What is registered is complete, and what is made from it is not stale."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.errors import ConfigurationError
from core.tasks import names, registry
from core.types import TASK_TYPES
from local.child import ROOT
from tools import generate, task_lines

TRIAGE = registry.task("triage")


def test_every_registered_task_is_known_by_name_as_its_file_says() -> None:
    assert registry.REGISTERED == TASK_TYPES
    for name in TASK_TYPES:
        task, named = registry.task(name), names.NAMED[name]
        assert (task.name, task.title, task.target, task.purpose) == (name, named.title, named.target, named.purpose)
        limits = (named.input_tokens, named.output_tokens, named.model, named.effort)
        assert limits == (
            task.limits.input_tokens,
            task.limits.output_tokens,
            task.limits.model,
            task.limits.effort,
        )
        assert task.proposes == named.proposes


def test_what_is_made_from_the_tasks_is_what_is_there() -> None:
    made = generate.made([registry.load(name) for name in registry.REGISTERED])
    assert [str(path.relative_to(ROOT)) for path, text in made.items() if path.read_text() != text] == []


@pytest.mark.parametrize("field", ["title", "does", "posted", "asked", "subject", "purpose", "proposes"])
def test_a_task_without_words_for_people_says_so_when_it_is_imported(field: str) -> None:
    with pytest.raises(ConfigurationError, match=f"core/tasks/triage: {field} must not be empty"):
        replace(TRIAGE, **{field: type(getattr(TRIAGE, field))()})


def test_a_template_without_a_version_says_so_when_it_is_imported() -> None:
    with pytest.raises(ConfigurationError, match="the template's first line must end in its version"):
        replace(TRIAGE, template="Be kind.\n")


def test_a_task_that_nobody_has_registered_is_named() -> None:
    with pytest.raises(ConfigurationError, match="has no line for the task 'haiku'"):
        registry.task("haiku")
    assert registry.drafting("haiku") is None


@pytest.mark.parametrize("text", ["nothing", "# made by make generate: models\n"])
def test_a_file_without_its_marks_is_not_guessed_at(text: str) -> None:
    with pytest.raises(ConfigurationError, match="the marks of 'models' are missing"):
        task_lines.block(text, "models", ["x"])


def test_lines_of_one_shape_are_replaced_where_they_stand_together_once() -> None:
    assert task_lines.rows("a\n- b1\n- b2\nc\n", "- b", ["- b3"]) == "a\n- b3\nc\n"
    for text in ("a\n", "- b1\na\n- b2\n"):
        with pytest.raises(ConfigurationError, match="and not one"):
            task_lines.rows(text, "- b", [])
