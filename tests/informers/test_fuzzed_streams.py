"""Streams cut anywhere, and streams full of rubbish: nothing crashes, and no later good object is lost."""

import itertools
import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from informers.api.errors import KindNotServed, ResponseLost
from informers.api.objects import GroupVersionKind
from informers.reflector import Reflector
from informers.store import Store
from informers.testing.virtual.sim import SimRuntime
from tests.informers.scripted import ScriptedStream, bookmark, error_event, event, obj, page

POD = GroupVersionKind("", "v1", "Pod")
HISTORY = [
    (2, event("ADDED", obj("a", 2))),
    (3, event("MODIFIED", obj("ä", 3, labels={"ü": "\u2028"}))),
    (4, event("DELETED", obj("a", 4))),
]
SHORT = b"".join(line for _, line in HISTORY)


class Honest:
    """A server that tells the truth from any version on, though its streams may be spoilt.

    Args:
        runtime: Virtual time.
        spoil: For each of the first streams, makes of the lines that it should carry the pieces that arrive.
    """

    def __init__(self, runtime, spoil):
        self.runtime, self.spoil = runtime, list(spoil)
        self.history, self.lists, self.streams = list(HISTORY), 0, []

    def request(self, call):
        """Answer a list with what is true now; one of a single object is a look at the version."""
        if dict(call.query).get("limit") == "1":
            return page(self.history[-1][0])
        self.lists += 1
        return page(self.history[-1][0] if self.lists > 1 else 1, *(self.world() if self.lists > 1 else ()))

    def world(self):
        """Return the objects that there are."""
        objects = {}
        for version, _ in self.history:
            name = {2: "a", 3: "ä", 4: "a"}.get(version, f"p{version}")
            objects[name] = obj(name, version)
            if version == 4:
                del objects[name]
        return objects.values()

    def stream(self, call):
        """Answer a watch with everything after its version."""
        since = int(dict(call.query)["resourceVersion"])
        lines = [line for version, line in self.history if version > since]
        stream = ScriptedStream(self.runtime, call)
        self.streams.append(stream)
        stream.send(*(self.spoil.pop(0)(lines) if self.spoil else lines))
        return stream

    def happen(self, version):
        """Let one more object be created."""
        line = event("ADDED", obj(f"p{version}", version))
        self.history.append((version, line))
        if self.streams and not self.streams[-1].closed:
            self.streams[-1].send(line)


class Mirror:
    """A sink that is a store, as an informer's is."""

    def __init__(self, runtime):
        self.store, self.told = Store(runtime=runtime), []

    def replace(self, replacement):
        """Take a list."""
        self.store.replace(replacement.objects)
        self.told.append("list")

    def apply(self, obj, *, deleted):
        """Take an event."""
        if self.store.apply(obj, deleted=deleted):
            self.told.append(f"{'-' if deleted else '+'}{obj.meta.name}")

    def progress(self, resource_version):
        """Take a bookmark."""

    def held(self):
        """Return what is there."""
        return {one.meta.name: one.meta.resource_version for one in self.store.list()}


def follow(spoil):
    """Let a reflector follow such a server through what the streams do to it; return server, mirror and its task."""
    with SimRuntime() as runtime:
        server, sink = Honest(runtime, spoil), Mirror(runtime)
        reflector = Reflector(POD, lambda: "/api/v1/pods", lambda: KindNotServed(""), sink, server, runtime=runtime)
        task = runtime.spawn("reflector", reflector.run)
        runtime.advance(140)
        server.happen(9)
        runtime.advance(140)
        reflector.stop()
        assert task.join(1)
        return server, sink, task


@pytest.mark.parametrize("ending", [None, ResponseLost("cut")], ids=["ended", "lost"])
def test_a_stream_cut_at_any_byte_is_resumed_without_loss_or_repetition(ending):
    """H11: what was complete counts, what was not comes again, and no list is needed."""
    for offset in range(len(SHORT) + 1):
        server, sink, task = follow([lambda lines, offset=offset: [b"".join(lines)[:offset], ending]])

        assert (None, 1) == (task.error, server.lists)
        assert ["list", "+a", "+ä", "-a", "+p9"] == sink.told


RUBBISH = st.one_of(
    st.binary(max_size=40).map(lambda data: data.replace(b"\n", b"") + b"\n"),
    st.sampled_from(
        [
            b"\n",
            b"{}\n",
            b"null\n",
            b"[]\r\n",
            b'{"type":"ADDED"}\n',
            b'{"type":"ADDED","object":{}}\n',
            b'{"type":7,"object":{}}\n',
            b'{"type":"RENAMED","object":{"metadata":{"name":"x"}}}\n',
            b'{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"zz"}}}\n',
            b'{"type":"BOOKMARK","object":{"metadata":{}}}\n',
            b'{"type":"ERROR","object":[]}\n',
            b'{"type":"ADDED","object":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}\n",
            b"<html>busy</html>\n",
            error_event(410, "Expired"),
            error_event(500),
            error_event(429, retryAfterSeconds=2),
            error_event(504, "Timeout", causes=[{"reason": "ResourceVersionTooLarge"}]),
            bookmark(1),
            *(line for _, line in HISTORY[1:]),  # stragglers; only an audit can tell one of an object that is gone
        ]
    ),
)


@st.composite
def spoilt(draw):
    """Return a function from true lines to the pieces that arrive: rubbish between them, cut anywhere, ended anyhow."""
    rubbish = draw(st.lists(st.tuples(st.integers(0, 3), RUBBISH), max_size=5))
    cuts = draw(st.lists(st.integers(0, 2000), max_size=5))
    ending = draw(st.sampled_from([None, ResponseLost("cut"), b""]))

    def spoil(lines):
        mixed = list(lines)
        for place, line in rubbish:
            mixed.insert(min(place, len(mixed)), line)
        stream = b"".join(mixed)
        ends = sorted({0, len(stream), *(min(cut, len(stream)) for cut in cuts)})
        return [*(stream[one:other] for one, other in itertools.pairwise(ends)), ending]

    return spoil


@settings(max_examples=60, deadline=None)
@given(st.lists(spoilt(), max_size=4))
def test_a_fuzzed_stream_crashes_nothing_and_loses_no_later_good_object(spoil):
    """H8, H11, H24: whatever rubbish, repetition or refusal comes, in the end the mirror is what the server has."""
    logging.disable()
    try:
        _, sink, task = follow(spoil)
    finally:
        logging.disable(logging.NOTSET)

    assert task.error is None
    assert {"ä": "3", "p9": "9"} == sink.held()
