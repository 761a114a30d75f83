"""Typed kinds."""

import subprocess
import sys
import types
from types import new_class
from typing import Annotated

import msgspec
import pytest

from informers.api.objects import GroupVersionKind, ObjectMeta
from informers.api.resource import Resource, kind_of


class Spec(msgspec.Struct, rename="camel", omit_defaults=True):
    """What is wanted."""

    size: Annotated[int, msgspec.Meta(ge=0)] = 1
    max_surge: int = 0


class Status(msgspec.Struct, omit_defaults=True):
    """What is."""

    nodes: list[str] = []


class Pool(Resource[Spec, Status], group="example.com", version="v2", short_names=("pl",)):
    """A pool."""


class Cell(Resource[Spec, Status], group="example.com", kind="CellBlock", plural="cells", namespaced=False):
    """Something in no namespace."""


class TestSubclass:
    def test_names_come_from_the_class(self):
        """Kind and plural follow its name unless given."""
        assert (GroupVersionKind("example.com", "v2", "Pool"), "pools", True) == (
            Pool.gvk,
            Pool.plural,
            Pool.namespaced,
        )
        assert ("CellBlock", "cells", False) == (Cell.gvk.kind, Cell.plural, Cell.namespaced)

    def test_needs_a_group_and_its_types(self):
        """The message shows what to write."""
        with pytest.raises(TypeError, match=r"add group='example\.com'"):
            new_class("Nameless", (Resource[Spec, Status],))
        with pytest.raises(TypeError, match=r"subclass Resource\[Spec, Status\]"):
            new_class("Untyped", (Resource,), {"group": "example.com"})


class TestInstance:
    def test_there_and_back(self):
        """A dict becomes an instance and the same dict again, under the names of the wire."""
        pool = Pool(name="a", namespace="ns", spec=Spec(size=3, max_surge=2), labels={"app": "x"})
        obj = pool.to_dict()

        assert {"size": 3, "maxSurge": 2} == obj["spec"]
        assert ("example.com/v2", "Pool") == (obj["apiVersion"], obj["kind"])
        assert pool == Pool.from_dict(obj) == Pool.decode(msgspec.json.encode(obj))

    def test_defaults(self):
        """A fresh one lives in `default`, with a spec and a status of its own; an empty status is not sent."""
        one, other = Pool(name="a"), Pool(name="a")
        one.status.nodes.append("x")

        assert ("default", "") == (one.namespace, Cell(name="a").namespace)
        assert "status" not in other.to_dict()
        assert {"nodes": ["x"]} == one.to_dict()["status"]

    def test_what_a_server_leaves_out_is_filled_in(self):
        """Objects without spec or status can be read; unknown fields do no harm."""
        pool = Pool.decode(b'{"metadata": {"name": "a"}, "more": {"x": 1}}')

        assert (1, []) == (pool.spec.size, pool.status.nodes)

    def test_reading_is_strict_where_the_type_is(self):
        """The message holds the path."""
        with pytest.raises(msgspec.ValidationError, match=r"\$.spec.size"):
            Pool.from_dict({"metadata": {}, "spec": {"size": -1}})

    def test_shortcuts(self):
        """What every reconciler asks first."""
        meta = ObjectMeta(name="a", namespace="ns", uid="u", generation=4, deletion_timestamp="2030-01-01T00:00:00Z")
        pool = Pool(metadata=meta)

        assert ("ns/a", "u", 4, True) == (str(pool.key), pool.uid, pool.generation, pool.deleting)
        assert "<Pool ns/a>" == repr(pool)
        assert not Pool(name="a").deleting

    def test_equal_means_equal_content(self):
        """Of the same class; equal ones hash alike."""
        assert Pool(name="a") == Pool(name="a")
        assert hash(Pool(name="a")) == hash(Pool(name="a"))
        assert Pool(name="a") != Pool(name="a", spec=Spec(size=2))
        assert Pool(name="a") != Cell(name="a")


class TestKindOf:
    @pytest.mark.parametrize("kind", [Pool, ("example.com/v2", "Pool"), GroupVersionKind("example.com", "v2", "Pool")])
    def test_every_api_takes_kinds_alike(self, kind):
        """A class, a pair, or the thing itself."""
        assert GroupVersionKind("example.com", "v2", "Pool") == kind_of(kind)

    @pytest.mark.parametrize("nonsense", ["Pool", ("a", "b", "c", "d"), 7, None])
    def test_refuses(self, nonsense):
        """The message shows what to pass."""
        with pytest.raises(TypeError, match="pass a Resource subclass or"):
            kind_of(nonsense)


RACE = """
import sys, threading, msgspec
from informers import Resource
sys.setswitchinterval(1e-6)
for number in range(60):
    spec = msgspec.defstruct(f"Spec{number}", [(f"f{i}", dict[str, list[int]] | None, None) for i in range(12)])
    class Kind(Resource[spec, spec], group="example.com"):
        pass
    gate = threading.Barrier(6)
    def read():
        gate.wait()
        Kind.decode(b'{"metadata": {"name": "a"}, "spec": {"f1": {"a": [1]}}}')
        Kind.from_dict({"metadata": {"name": "a"}})
    threads = [threading.Thread(target=read) for _ in range(6)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
"""


def test_many_threads_may_read_a_kind_for_the_first_time():
    """Msgspec learns a type on its first use, and crashed the process when two threads had that at once."""
    done = subprocess.run([sys.executable, "-c", RACE], capture_output=True, text=True, check=False, timeout=120)

    assert (0, "") == (done.returncode, done.stderr)


def test_a_spec_may_name_a_type_that_comes_later():
    """Its class is looked for again by the first to read."""
    namespace = {"msgspec": msgspec, "Resource": Resource, "__name__": "later"}
    code = """
from __future__ import annotations
class Spec(msgspec.Struct):
    part: Part | None = None
class Kind(Resource[Spec, Spec], group="example.com"):
    pass
class Part(msgspec.Struct):
    size: int = 0
"""
    sys.modules["later"] = module = types.ModuleType("later")
    module.__dict__.update(namespace)
    try:
        exec(code, module.__dict__)
        found = module.Kind.decode(b'{"metadata": {"name": "a"}, "spec": {"part": {"size": 3}}}')
    finally:
        del sys.modules["later"]

    assert 3 == found.spec.part.size
