"""A cluster for unit tests: in this process, in virtual time, with a friendly handle on everything.

    world = FakeCluster([Memcached])
    world.create(Memcached(name="cache", spec=MemcachedSpec(size=2)))
    world.settle()
    assert 2 == world.get(("apps/v1", "Deployment"), "default/cache")["spec"]["replicas"]

What it does goes over the same bytes as everybody else's requests, so a test sees what a client sees. It MUST NOT
reach around the cluster's verbs.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, overload

from informers.api.client import Client, Patch
from informers.api.resource import Resource
from informers.testing.cluster import Cluster, ClusterOptions
from informers.testing.inprocess import ClusterTransport, Fault, Write
from informers.testing.virtual.sim import SimRuntime

if TYPE_CHECKING:
    import builtins
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from informers.api.objects import GroupVersionKind, KeyLike, Obj
    from informers.api.resource import KindLike
    from informers.api.selectors import FieldsLike, LabelsLike
    from informers.api.transport import Call, Response
    from informers.runtime import Runtime, Seconds

__all__ = ["ClusterTransport", "FakeClient", "FakeCluster", "Write"]

R = TypeVar("R", bound=Resource[Any, Any])
Crd = type[Resource[Any, Any]] | dict[str, Any]


class FakeCluster:
    """A cluster in memory with its controllers, and a client that plays the user.

    Args:
        crds: What to install: `Resource` subclasses, or CustomResourceDefinition objects.
        runtime: The clock; virtual time when None.
        controllers: Whether the built-in controllers run, which make Deployments become ready Pods and collect what
            nobody owns. Without them the cluster is an API server alone.
        options: How the cluster behaves.

    Guarantees: under equal seeds, equal calls give equal worlds, names and uids included.
    Threads: under virtual time the test's thread, which is a task like the others; else any thread.
    """

    def __init__(
        self,
        crds: Iterable[Crd] = (),
        *,
        runtime: Runtime | None = None,
        controllers: bool = True,
        options: ClusterOptions | None = None,
    ) -> None:
        self.runtime: Runtime = runtime or SimRuntime()
        chosen = options or ClusterOptions()
        self.cluster = Cluster(
            runtime=self.runtime, options=chosen if controllers else replace(chosen, controllers=frozenset())
        )
        self.writes: list[Write] = []
        """Every request that changed something or tried to, in order; those of this handle have the actor `user`."""
        self._transports: list[ClusterTransport] = []
        self._faults: list[Fault] = []
        spared = ClusterTransport(self.cluster, user_agent="user", writes=self.writes)
        self._client = Client(spared, runtime=self.runtime, field_manager="user")
        for crd in crds:
            self._client.create(crd if isinstance(crd, dict) else _crd_of(crd))
        self.cluster.start()

    # --- Ways in ---

    def transport(self, *, user_agent: str = "levelset") -> ClusterTransport:
        """Return a new way in, for a client, a manager or an informer of its own."""
        transport = ClusterTransport(self.cluster, user_agent=user_agent, writes=self.writes, faults=self._faults)
        self._transports.append(transport)
        return transport

    def client(self, *, field_manager: str = "levelset") -> Client:
        """Return a new client."""
        return Client(self.transport(user_agent=field_manager), runtime=self.runtime, field_manager=field_manager)

    def intercept(
        self, script: Callable[[Call], Response | None] | Fault, *, after: bool = False
    ) -> Callable[[], None]:
        """Let something go wrong for everyone but this handle: a fault of `informers.testing.faults`, or a script.

        A script sees every call and lets it pass by returning None, answers it, or raises; see `Fault`. `after` has it
        see the calls once they were carried out.

        Returns:
            A function that ends it. Idempotent.
        """
        fault = script if isinstance(script, Fault) else Fault(script, after)
        self._faults.append(fault)
        return lambda: self._faults.remove(fault) if fault in self._faults else None

    def hang_up(self) -> None:
        """Break every open watch, as a network does."""
        for transport in self._transports:
            transport.hang_up()

    def dump(self) -> Obj:
        """Return everything in it as a v1 List; see `informers.testing.state`."""
        from informers.testing.state import dump  # noqa: PLC0415 - few tests save states

        return dump(self.cluster)

    def load(self, path: Path | str) -> None:
        """Restore what a file or folder holds into this new cluster, or create it where it was never in one."""
        from informers.testing.state import install, read_state  # noqa: PLC0415 - as above

        install(self.cluster, read_state(path))

    # --- Time ---

    def settle(self, horizon: Seconds = 0.0) -> None:
        """Run everyone until nobody has anything to do within `horizon` seconds of virtual time."""
        self._virtual().settle(horizon)

    def advance(self, seconds: Seconds) -> None:
        """Let virtual time pass."""
        self._virtual().advance(seconds)

    def _virtual(self) -> SimRuntime:
        if not isinstance(self.runtime, SimRuntime):
            raise TypeError("this cluster runs in real time; make it without runtime= to have virtual time")
        return self.runtime

    def close(self) -> None:
        """End the controllers and every stream. Idempotent; a test that makes few worlds may leave it out."""
        for transport in self._transports:
            transport.close()
        self.cluster.stop()

    def __enter__(self) -> FakeCluster:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- Objects ---

    @overload
    def create(self, obj: R) -> R: ...
    @overload
    def create(self, obj: Obj) -> Obj: ...
    def create(self, obj: Any) -> Any:
        """Create an object; raises AlreadyExists, Invalid and the rest like `Client.create`."""
        return self._client.create(obj)

    @overload
    def get(self, kind: type[R], key: KeyLike) -> R: ...
    @overload
    def get(self, kind: GroupVersionKind | tuple[str, str], key: KeyLike) -> Obj: ...
    def get(self, kind: Any, key: KeyLike) -> Any:
        """Return an object as it is now; raises NotFound when there is none."""
        return self._client.get(kind, key)

    @overload
    def list(
        self, kind: type[R], *, namespace: str = "", labels: LabelsLike = None, fields: FieldsLike = None
    ) -> builtins.list[R]: ...
    @overload
    def list(
        self,
        kind: GroupVersionKind | tuple[str, str],
        *,
        namespace: str = "",
        labels: LabelsLike = None,
        fields: FieldsLike = None,
    ) -> builtins.list[Obj]: ...
    def list(self, kind: Any, *, namespace: str = "", labels: LabelsLike = None, fields: FieldsLike = None) -> Any:
        """Return the objects of a kind, sorted by key."""
        return self._client.list(kind, namespace=namespace, labels=labels, fields=fields)

    @overload
    def update(self, obj: R) -> R: ...
    @overload
    def update(self, obj: Obj) -> Obj: ...
    def update(self, obj: Any) -> Any:
        """Replace an object, all but its status."""
        return self._client.update(obj)

    @overload
    def update_status(self, obj: R) -> R: ...
    @overload
    def update_status(self, obj: Obj) -> Obj: ...
    def update_status(self, obj: Any) -> Any:
        """Replace an object's status alone."""
        return self._client.update_status(obj)

    def patch(self, kind: KindLike, key: KeyLike, patch: Patch | Obj, *, subresource: str = "") -> Any:
        """Change an object; a dict is a merge patch."""
        change = Patch.merge(patch) if isinstance(patch, dict) else patch
        send: Callable[..., Any] = partial(self._client.patch, kind, key, change)
        return send(subresource=subresource)

    @overload
    def apply(self, obj: R, *, field_manager: str | None = None, force: bool = True) -> R: ...
    @overload
    def apply(self, obj: Obj, *, field_manager: str | None = None, force: bool = True) -> Obj: ...
    def apply(self, obj: Any, *, field_manager: str | None = None, force: bool = True) -> Any:
        """Apply an object server-side."""
        return self._client.apply(obj, field_manager=field_manager, force=force)

    def delete(self, kind: KindLike, key: KeyLike, *, propagation: str = "Background") -> None:
        """Delete an object; raises NotFound when there is none."""
        self._client.delete(kind, key, propagation=propagation)


class FakeClient(Client):
    """A client of a cluster of its own, for code that wants nothing but a `Client`.

    Args:
        objects: What the cluster holds at first.
        crds: What is installed in it.

    The cluster is `world`; its controllers do not run.

    Threads: as `FakeCluster`.
    """

    def __init__(self, *objects: Obj | Resource[Any, Any], crds: Iterable[Crd] = ()) -> None:
        self.world = FakeCluster(crds, controllers=False)
        for obj in objects:
            self.world.create(obj)
        super().__init__(self.world.transport(), runtime=self.world.runtime)


def _crd_of(kind: type[Resource[Any, Any]]) -> Obj:
    from informers.api.schema import crd_of  # noqa: PLC0415 - a cluster of dicts needs no schema generator

    return crd_of(kind)
