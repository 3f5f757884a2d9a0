from __future__ import annotations

import hashlib

import pytest

from core.config import TASK_LIMITS
from core.context.packs import PACKS, for_task, load
from core.errors import ConfigurationError
from core.prompts.estimate import estimate
from core.types import TASK_TYPES

NAMES = sorted({name for names in PACKS.values() for name in names})


@pytest.mark.parametrize("name", NAMES)
def test_a_pack_stays_below_2000_tokens(name: str) -> None:
    assert 0 < estimate(load(name).text) < 2_000


@pytest.mark.parametrize("name", NAMES)
def test_a_pack_carries_the_hash_of_its_text(name: str) -> None:
    pack = load(name)
    assert pack.name == name
    assert pack.sha256 == hashlib.sha256(pack.text.encode()).hexdigest()


def test_each_task_has_its_packs_and_they_leave_room_for_its_input() -> None:
    assert set(PACKS) == set(TASK_TYPES)
    for task in TASK_TYPES:
        packs = for_task(task)
        assert tuple(packs) == PACKS[task]
        assert sum(estimate(pack.text) for pack in packs.values()) < TASK_LIMITS[task].input_tokens / 4


@pytest.mark.parametrize("name", ["nothing", "", "../config", "product.md"])
def test_an_unknown_pack_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="no context pack"):
        load(name)
