from __future__ import annotations

from core.prompts.tokens import estimate
from core.types import Context, Issue, Prompt, Target, Tree
from tests.support.prompt_reading import an_issue, built, section


def a_brief(issue: Issue, *paths: str, whole: bool = True) -> Prompt:
    return built("agent_brief", Context(issue=issue, tree=Tree(paths, whole)))


def test_issue_and_files_are_shown() -> None:
    prompt = a_brief(an_issue("They are zero."), "README.md", "src/fees.py")
    assert section(prompt, "title") == "Fees are missing"
    assert section(prompt, "description") == "They are zero."
    assert section(prompt, "files") == "src/fees.py\nREADME.md"


def test_facts_name_the_files_that_are_shown() -> None:
    facts = a_brief(an_issue(), "README.md", "src/fees.py").facts
    assert facts.changed_paths == ("src/fees.py", "README.md")
    assert (facts.task_type, facts.target) == ("agent_brief", Target("issue", 7))
    assert facts.extra == {"title": "Fees are missing", "author": "ghost"}


def test_a_repository_without_files_is_told_so() -> None:
    prompt = a_brief(an_issue())
    assert section(prompt, "files") == "(none)"
    assert prompt.facts.changed_paths == ()


def test_files_beyond_the_limit_are_counted_and_not_in_the_facts() -> None:
    paths = [f"src/module_{n}/part_{n}.py" for n in range(5_000)]
    prompt = a_brief(an_issue("See src/module_4321/part_4321.py and part_7.py"), *paths)
    shown = prompt.facts.changed_paths
    assert set(shown[:2]) == {"src/module_4321/part_4321.py", "src/module_7/part_7.py"}
    assert section(prompt, "files") == "\n".join(shown)
    assert prompt.facts.cuts == (f"Not named to the model: {5_000 - len(shown):,} of 5,000 files of the repository.",)
    assert 100 < len(shown) < 5_000


def test_a_tree_that_github_cut_is_told() -> None:
    cuts = a_brief(an_issue(), "a.py", whole=False).facts.cuts
    assert cuts == ("Not listed by GitHub: a part of the repository's files.",)


def test_a_long_description_and_many_files_share_the_room() -> None:
    prompt = a_brief(an_issue("word " * 50_000), *(f"src/module_{n}.py" for n in range(5_000)))
    description, files = (estimate(section(prompt, name)) for name in ("description", "files"))
    assert 0.8 < description / files < 1.25


def test_what_one_part_does_not_need_the_other_takes() -> None:
    few = a_brief(an_issue("word " * 50_000), "a.py")
    many = a_brief(an_issue("word " * 50_000), *(f"src/module_{n}.py" for n in range(5_000)))
    assert len(section(few, "description")) > 1.5 * len(section(many, "description"))


def test_hidden_characters_in_a_name_are_shown() -> None:
    prompt = a_brief(an_issue(), "src/a\u202eb\n.py")
    assert prompt.facts.changed_paths == ("src/a⟨U+202E⟩b⟨U+000A⟩.py",)
    assert section(prompt, "files") == "src/a⟨U+202E⟩b⟨U+000A⟩.py"


def test_more_files_than_are_ranked_are_counted_too() -> None:
    prompt = a_brief(an_issue("word " * 9_000), *(f"{n}" for n in range(100_000)))
    left = 100_000 - len(prompt.facts.changed_paths)
    assert f"Not named to the model: {left:,} of 100,000 files of the repository." in prompt.facts.cuts
