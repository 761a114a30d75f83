"""The page about the client is true: its blocks run, top to bottom, and say what the page says."""

import re
from pathlib import Path

import pytest

from informers import Client
from informers.testing import FakeCluster

PAGE = Path(__file__).parents[3] / "docs" / "client.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def test_every_block_runs(capsys):
    """As a reader would run them, one after the other."""
    with FakeCluster() as world:
        names = {"client": Client(world.transport(), runtime=world.runtime)}
        for number, block in enumerate(BLOCKS):
            exec(compile(block, f"client.md block {number}", "exec"), names)
    said = capsys.readouterr().out.splitlines()

    assert said[0].startswith("1 as of ")
    assert "settings" in said
    assert any(line.startswith("DELETED settings at ") for line in said)
    assert "{}" in said
    assert "['12 lines were imported']" in said
    assert "Deployment (apps/v1) ['scale', 'status']" in said
    assert ["True"] == said[-1:]


@pytest.mark.parametrize("verb", re.findall(r"`(\w+)\(", PAGE.read_text()))
def test_every_verb_it_names_is_there(verb):
    """In the table and in the text."""
    assert hasattr(Client, verb) or verb in ("HttpTransport",)
