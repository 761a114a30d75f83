"""What a watch has to tell becomes lines, with bookmarks and an end in time."""

import msgspec
import pytest

from informers.api.errors import Expired
from informers.testing.cluster import Cluster, ClusterOptions, WatchQuery, WriteOptions
from informers.testing.rest.watchstream import BOOKMARK_INTERVAL, WatchStream, ended_watch
from informers.testing.virtual.sim import SimRuntime


class Maps:
    """The ConfigMaps of a bare cluster that keeps little history."""

    def __init__(self):
        options = ClusterOptions(controllers=frozenset(), history=2)
        self.cluster = Cluster(runtime=SimRuntime(), options=options)
        self.info = self.cluster.registry.find("", "v1", "configmaps")

    def add(self, name):
        """Create one."""
        obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
        self.cluster.create(self.info, "default", obj, WriteOptions())

    def watch(self, *, timeout=1000.0, bookmarks=False):
        """Watch them from now on, the clock at zero."""
        watch = self.cluster.watch(self.info, "default", WatchQuery(send_initial_events=False))
        return WatchStream(watch, lambda item: item.raw, now=0.0, timeout=timeout, bookmarks=bookmarks)


@pytest.fixture
def maps():
    """A cluster."""
    return Maps()


def types(chunk):
    """The types of the events in a chunk."""
    return [msgspec.json.decode(line)["type"] for line in chunk.splitlines()]


def test_each_event_is_a_line(maps):
    """Several come together, and nothing comes twice."""
    stream = maps.watch()
    maps.add("a")
    maps.add("b")

    assert ["ADDED", "ADDED"] == types(stream.poll(1.0))
    assert b"" == stream.poll(2.0)


def test_the_listener_is_called_when_there_is_news(maps):
    """So that nobody needs to ask."""
    calls = []
    stream = maps.watch()
    stream.listen(lambda: calls.append(1))
    maps.add("a")

    assert [1] == calls


def test_bookmarks_come_once_a_minute(maps):
    """For whoever asked; the stream says when it wants to be polled for it."""
    stream = maps.watch(bookmarks=True)
    due = stream.due()

    assert BOOKMARK_INTERVAL == due
    assert [] == types(stream.poll(due - 1))
    assert ["BOOKMARK"] == types(stream.poll(due))
    assert 2 * BOOKMARK_INTERVAL == stream.due()


def test_time_runs_out(maps):
    """What was still to be told is told first."""
    stream = maps.watch(timeout=5.0)
    maps.add("a")

    assert 5.0 == stream.due()
    assert ["ADDED"] == types(stream.poll(5.0))
    assert stream.finished


def test_a_reader_that_falls_behind(maps):
    """Is told that the past is gone, and that is the end."""
    stream = maps.watch()
    for number in range(9):
        maps.add(f"m{number}")

    (event,) = (msgspec.json.decode(line) for line in stream.poll(1.0).splitlines())

    assert ("ERROR", 410) == (event["type"], event["object"]["code"])
    assert stream.finished


def test_a_watch_that_is_over_before_it_began():
    """One event, then the end."""
    stream = ended_watch(Expired("too old", reason="Expired"))

    assert ["ERROR"] == types(stream.poll(0.0))
    assert stream.finished
    assert b"" == stream.poll(1.0)


def test_closing_is_final(maps):
    """Nothing is told afterwards."""
    stream = maps.watch()
    stream.close()
    stream.close()
    maps.add("a")

    assert b"" == stream.poll(1.0)
