"""The page about the cache is true: its blocks run, top to bottom, and its tables name every option and default."""

import dataclasses
import re
from pathlib import Path

import pytest

from informers import Cache, CacheOptions, Client, Discovery, KindOptions
from informers.api.objects import GroupVersionKind
from informers.kindoptions import resolve
from informers.testing import FakeCluster
from reconcilers.memcached.types import Memcached, MemcachedSpec

PAGE = (Path(__file__).parents[2] / "docs" / "cache.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
ROWS = re.compile(r"^\| `(\w+)`(?:, `(\w+)`)? \|", re.MULTILINE)
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web", "namespace": "default"},
    "spec": {"nodeName": "worker-1", "containers": [{"name": "web", "image": "web:1"}]},
}
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "password", "namespace": "default"}}


@pytest.fixture
def names():
    """What the page takes for granted."""
    with FakeCluster([Memcached], controllers=False) as world:
        transport, runtime = world.transport(), world.runtime
        cache = Cache(transport, runtime=runtime, discovery=Discovery(transport, runtime=runtime))
        client = Client(transport, runtime=runtime, writes=cache)
        client.create(Memcached(name="sample", namespace="default", spec=MemcachedSpec(size=2)))
        client.create(POD)
        client.create(SECRET)
        cache.start()
        yield {"cache": cache, "client": client, "settle": runtime.settle}
        cache.stop()


def test_every_block_runs(names, capsys):
    """As a reader would run them, one after the other."""
    for number, block in enumerate(BLOCKS):
        exec(compile(block, f"cache.md block {number}", "exec"), names)
        names["settle"]()
    said = capsys.readouterr().out

    assert "2 worker-1 worker-1 None\n['web']\n" in said
    assert "not mirrored after 1 s: Widget (example.com/v1): the API server does not serve Widget" in said
    assert "settings is there at once\nNone\n" in said
    assert "there is default/web" in said
    assert "Pod (v1) watching 1 " in said


@pytest.mark.parametrize("options", [CacheOptions, KindOptions])
def test_the_tables_name_every_option(options):
    """And no other."""
    table = PAGE.split(f"| `{options.__name__}` | default | effect |\n")[1].split("\n\n")[0]
    named = [name for pair in ROWS.findall(table) for name in pair if name]

    assert sorted(field.name for field in dataclasses.fields(options)) == sorted(named)


def test_the_defaults_are_those_that_hold():
    """Whatever stands in the columns, read from what an informer gets."""
    plain, mirror = CacheOptions(), resolve(CacheOptions(), GroupVersionKind("", "v1", "Pod")).mirror

    assert f"| `page_size` | {plain.page_size} |" in PAGE
    assert f"| `lists_at_once` | {plain.lists_at_once} |" in PAGE
    assert f"| `sync_timeout` | {plain.sync_timeout:g} s |" in PAGE
    assert f"| `audit_interval` | {mirror.audit_interval / 3600:g} h |" in PAGE
    assert f"| `shrink` | {mirror.shrink} |" in PAGE
    assert (False, True) == (mirror.streaming, plain.start_on_read)
