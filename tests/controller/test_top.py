"""The screen of `levelset top`, drawn from what a program tells."""

import json

import pytest
from rich.console import Console

from controller import Builder, Manager, ManagerOptions
from controller.page import Visit
from controller.top import draw
from informers.testing import FakeCluster

OFF = {"metrics_bind_address": "0", "health_probe_bind_address": "0", "debug_bind_address": "0"}
CONFIG_MAP = ("v1", "ConfigMap")
LONG = "a-very-long-name-" * 5 + "x"


def screen(status, width):
    """Return the lines of the screen at a width."""
    console = Console(width=width, record=True, color_system=None)
    with console.capture() as captured:
        console.print(draw(status, source="here"))
    return captured.get().splitlines()


@pytest.fixture
def status():
    """What a program tells, one of whose keys fails; its names and errors are long."""

    def fail(request):
        raise ValueError(f"the end of {request.name} " * 5)

    with FakeCluster() as world:
        manager = Manager(options=ManagerOptions(**OFF), transport=world.transport(), runtime=world.runtime)
        Builder(manager).for_(CONFIG_MAP).named("copier").complete(fail)
        manager.start()
        world.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": LONG, "namespace": "default"}})
        world.runtime.sleep(90)
        yield json.loads(manager.status.page(Visit()).body)
        manager.stop()


@pytest.mark.parametrize("width", [80, 112, 160])
def test_no_column_is_lost_however_narrow_the_terminal(status, width):
    """Names and errors are cut short instead."""
    lines = screen(status, width)
    heads = next(line for line in lines if "how long" in line)

    assert ["controller", "key", "what", "how", "long", "error"] == heads.split()
    assert any("copier" in line and "failed" in line and "ValueError" in line for line in lines)
    assert width >= max(map(len, lines))


def test_it_says_how_fresh_the_mirror_is(status):
    """By the clock of the program, not of whoever looks."""
    line = next(line for line in screen(status, 160) if "ConfigMap.v1" in line)

    assert "watching" in line
    assert " ago" in line


def test_a_program_that_has_not_begun_can_be_looked_at(status):
    """Nothing was heard yet."""
    status["started"] = status["informers"][0]["since"] = None

    assert any("never" in line for line in screen(status, 160))
