"""A cluster for unit tests, in this process and in virtual time."""

import msgspec
import pytest

from informers.api.client import Client
from informers.api.errors import AlreadyExists, NotFound, OutcomeUnknown, ResponseLost
from informers.api.resource import Resource
from informers.api.transport import Call, Response
from informers.runtime import ThreadRuntime
from informers.testing import FakeClient, FakeCluster, SimRuntime

MAPS = ("v1", "ConfigMap")
PATH = "/api/v1/namespaces/default/configmaps"


class PoolSpec(msgspec.Struct):
    """What is wanted."""

    size: int = 1


class PoolStatus(msgspec.Struct):
    """What is."""

    ready: int = 0


class Pool(Resource[PoolSpec, PoolStatus], group="example.com"):
    """A typed kind."""


def config(name, **data):
    """A ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": data}


@pytest.fixture
def world():
    """A cluster without controllers."""
    with FakeCluster(controllers=False) as made:
        yield made


class TestObjects:
    def test_plain_objects(self, world):
        """Dicts go in and come out."""
        world.create(config("a", k="v"))
        world.patch(MAPS, "default/a", {"data": {"k": "w"}})

        assert {"k": "w"} == world.get(MAPS, "default/a")["data"]
        assert ["a"] == [found["metadata"]["name"] for found in world.list(MAPS, namespace="default")]

    def test_typed_objects(self):
        """A class brings its own CRD."""
        with FakeCluster([Pool], controllers=False) as world:
            made = world.create(Pool(name="p", spec=PoolSpec(size=3)))

            assert (3, True) == (made.spec.size, bool(made.uid))
            assert 3 == world.get(Pool, "default/p").spec.size

    def test_writing(self, world):
        """Update, apply and delete are there as well."""
        made = world.create(config("a", k="v"))
        made["data"] = {"k": "w"}
        world.update(made)
        world.apply(config("b", x="y"), field_manager="me")
        world.delete(MAPS, "default/a")

        assert ["b"] == [found["metadata"]["name"] for found in world.list(MAPS, namespace="default")]

    def test_refusals_are_the_servers(self, world):
        """The exceptions are those of the client."""
        world.create(config("a"))

        with pytest.raises(AlreadyExists, match='configmaps "a" already exists'):
            world.create(config("a"))
        with pytest.raises(NotFound, match='configmaps "b" not found'):
            world.get(MAPS, "default/b")

    def test_a_client_alone(self):
        """For code that wants nothing but a client."""
        client = FakeClient(config("a", k="v"))

        assert isinstance(client, Client)
        assert {"k": "v"} == client.get(MAPS, "default/a")["data"]

    def test_controllers_make_deployments_ready(self):
        """Pods become ready in virtual time."""
        template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
        spec = {"replicas": 2, "selector": {"matchLabels": {"a": "b"}}, "template": template}
        deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d", "namespace": "default"}}
        with FakeCluster() as world:
            world.create({**deployment, "spec": spec})
            world.advance(60)

            assert 2 == world.get(("apps/v1", "Deployment"), "default/d")["status"]["readyReplicas"]


class TestAudit:
    def test_every_write_is_logged(self, world):
        """Reads are not; what was refused is."""
        client = world.client(field_manager="bot")
        client.create(config("a"))
        with pytest.raises(AlreadyExists):
            client.create(config("a"))
        client.list(MAPS)
        client.create(config("b"), dry_run=True)

        assert [
            ("POST", PATH, "bot", 201, False),
            ("POST", PATH, "bot", 409, False),
            ("POST", PATH, "bot", 201, True),
        ] == [(write.method, write.path, write.actor, write.status, write.dry_run) for write in world.writes]

    def test_the_handle_is_the_user(self, world):
        """So that an audit of a controller can leave it out."""
        world.create(config("a"))
        world.delete(MAPS, "default/a")

        assert {"user"} == {write.actor for write in world.writes}


class TestFaults:
    def test_a_call_that_is_answered_by_the_script(self, world):
        """The cluster never sees it."""
        status = msgspec.json.encode({"kind": "Status", "reason": "AlreadyExists", "message": "scripted", "code": 409})
        end = world.intercept(lambda call: Response(409, {}, status) if call.is_write else None)
        client = world.client()

        with pytest.raises(AlreadyExists, match="scripted"):
            client.create(config("a"))
        end()
        client.create(config("a"))

        assert [409, 201] == [write.status for write in world.writes]

    def test_an_answer_that_is_lost(self, world):
        """The write happened, the caller does not know."""
        client = world.client()

        def lose(call):
            if call.is_write:
                raise ResponseLost("scripted")

        world.intercept(lose, after=True)
        with pytest.raises(OutcomeUnknown):
            client.create(config("a"))

        assert world.get(MAPS, "default/a")
        assert [0] == [write.status for write in world.writes]

    def test_the_handle_is_never_hit(self, world):
        """A test must be able to prepare the world."""
        world.intercept(lambda call: Response(500, {}, b"{}"))

        assert world.create(config("a"))

    def test_transports_made_later_are_hit_too(self, world):
        """A restarted controller is not spared."""
        world.intercept(lambda call: Response(503, {}, b"{}"))

        assert 503 == world.transport().request(Call("GET", PATH)).status


class TestStreams:
    def events(self, world, query, into, **options):
        """Watch on a task of the world, adding what it hears to `into`."""
        stream = world.transport().stream(Call("GET", PATH, query=(("watch", "1"), *query), **options))

        def listen():
            for chunk in stream:
                into.extend(
                    (world.runtime.monotonic(), msgspec.json.decode(line)["type"]) for line in chunk.splitlines()
                )

        return stream, world.runtime.spawn("listener", listen)

    def test_events_arrive_when_they_happen(self, world):
        """The reader sleeps until there is something."""
        heard = []
        _, task = self.events(world, (), heard)
        world.settle()
        world.advance(5)
        world.create(config("a"))
        world.delete(MAPS, "default/a")
        world.settle()

        assert [(5.0, "ADDED"), (5.0, "DELETED")] == heard
        assert task.alive()

    def test_the_time_limit(self, world):
        """`timeoutSeconds` runs on the runtime's clock, and the end is a clean one."""
        _, task = self.events(world, (("timeoutSeconds", "7"),), [])
        world.advance(6.9)
        alive = task.alive()
        world.advance(0.2)

        assert (True, False, None) == (alive, task.alive(), task.error)

    def test_bookmarks(self, world):
        """One a minute for whoever asks."""
        heard, silent = [], []
        self.events(world, (("allowWatchBookmarks", "true"),), heard)
        self.events(world, (), silent)
        world.advance(125)

        assert [(60.0, "BOOKMARK"), (120.0, "BOOKMARK")] == heard
        assert [] == silent

    def test_closing_ends_it(self, world):
        """From another task, at once."""
        stream, task = self.events(world, (), [])
        world.settle()
        stream.close()
        world.settle()

        assert (False, None) == (task.alive(), task.error)

    def test_a_broken_connection(self, world):
        """The reader meets what a network would show it."""
        _, task = self.events(world, (), [])
        world.settle()
        world.hang_up()
        world.settle()

        assert isinstance(task.error, ResponseLost)

    def test_silence(self, world):
        """After the call's timeout a stream counts as dead."""
        _, task = self.events(world, (), [], timeout=30.0)
        world.advance(31)

        assert isinstance(task.error, ResponseLost)

    def test_a_refusal_is_a_whole_answer(self, world):
        """Status and body, no events."""
        stream = world.transport().stream(Call("GET", "/apis/apps/v1/nonsense", query=(("watch", "1"),)))

        assert 404 == stream.status
        assert b"could not find" in b"".join(stream)

    def test_real_time(self):
        """The same transport works on threads."""
        with FakeCluster(runtime=ThreadRuntime(), controllers=False) as world:
            stream = world.transport().stream(Call("GET", PATH, query=(("watch", "1"), ("timeoutSeconds", "20"))))
            chunks = iter(stream)
            world.create(config("a"))

            assert b'"ADDED"' in next(chunks)
            stream.close()


def test_virtual_time_is_needed_for_virtual_time():
    """The message says how to get it."""
    with FakeCluster(runtime=ThreadRuntime(), controllers=False) as world, pytest.raises(TypeError, match="real time"):
        world.advance(1)


def test_equal_seeds_give_equal_worlds():
    """Uids and names included."""

    def uid():
        world = FakeCluster(runtime=SimRuntime("seed"), controllers=False)
        return world.create(config("a"))["metadata"]["uid"]

    assert uid() == uid()
