"""The pytest plugin: a cluster in virtual time, or an API server on loopback, as fixtures of every test that asks.

    def test_controller(levelset_cluster):           # this process, virtual time: a FakeCluster
        levelset_cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}})

    @pytest.mark.levelset(crds=["crds/backup.yaml"], controllers=False)
    def test_program(levelset_server):               # another process, any language: HTTPS and a kubeconfig
        subprocess.run(["my-controller", "--kubeconfig", levelset_server.kubeconfig], check=True)

The ini option `levelset_crds` names YAML files that every cluster begins with, relative to the ini file. pytest loads
this by entry point in every project, so it MUST NOT import the cluster before a fixture is used.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from informers.api.client import Client
    from informers.testing.cluster import Cluster
    from informers.testing.fake import Crd, FakeCluster

__all__ = ["LevelsetServer", "levelset_cluster", "levelset_server", "pytest_addoption", "pytest_configure"]

_MARKER = (
    "levelset(crds=(), controllers=True, rbac=False, seed=0, load=None): what `levelset_cluster` and `levelset_server` "
    "are made of: Resource classes, CRD objects or paths of YAML files; whether Deployments become Pods; whether roles "
    "count; the seed of virtual time; a saved state"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What a test's marker asks for."""

    crds: tuple[Crd | str | Path, ...] = ()
    controllers: bool = True
    rbac: bool = False
    seed: int = 0
    load: str | Path | None = None


@dataclass(frozen=True, slots=True)
class LevelsetServer:
    """An API server of the test's own.

    Threads: immutable; the cluster behind it takes any thread.
    """

    url: str
    """The address, such as `https://127.0.0.1:39411`."""
    kubeconfig: Path
    """A kubeconfig for kubectl and any other client; it holds the token."""
    token: str = field(repr=False)
    """The bearer token of the cluster's admin."""
    authority: bytes = field(repr=False)
    """The PEM certificate that clients must trust."""
    cluster: Cluster = field(repr=False)
    """The cluster that is served."""
    client: Client = field(repr=False)
    """A client in this process, beside the sockets."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ini option."""
    parser.addini("levelset_crds", "YAML files that every levelset cluster begins with", type="paths", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture
def levelset_cluster(request: pytest.FixtureRequest) -> Iterator[FakeCluster]:
    """Yield a `FakeCluster` in virtual time; it and its tasks end with the test."""
    from informers.testing.fake import FakeCluster  # noqa: PLC0415 - tests without a cluster pay nothing
    from informers.testing.virtual.sim import SimRuntime  # noqa: PLC0415 - as above

    wanted = _wanted(request)
    runtime = SimRuntime(wanted.seed)
    try:
        with FakeCluster(runtime=runtime, controllers=wanted.controllers, options=_options(wanted)) as world:
            _furnish(world.cluster, wanted, request)
            yield world
    finally:
        runtime.close()


@pytest.fixture
def levelset_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LevelsetServer]:
    """Yield a `LevelsetServer` that listens on a free port of loopback; it stops with the test."""
    from informers.runtime import ThreadRuntime  # noqa: PLC0415 - tests without a server pay nothing
    from informers.testing.cluster import Cluster  # noqa: PLC0415 - as above
    from informers.testing.server import ApiServer  # noqa: PLC0415 - as above

    wanted = _wanted(request)
    cluster = Cluster(runtime=ThreadRuntime(), options=_options(wanted))
    client = _furnish(cluster, wanted, request)
    cluster.start()
    try:
        with ApiServer(cluster) as server:
            path = server.kubeconfig(tmp_path_factory.mktemp("levelset") / "kubeconfig")
            yield LevelsetServer(server.url, path, server.token, server.authority, cluster, client)
    finally:
        cluster.stop()


def _wanted(request: pytest.FixtureRequest) -> _Wanted:
    """Return what the nearest marker asks for, keyword by keyword."""
    known = {field.name for field in fields(_Wanted)}
    asked: dict[str, Any] = {}
    for marker in request.node.iter_markers("levelset"):
        unknown = sorted(set(marker.kwargs) - known)
        if marker.args or unknown:
            what = unknown[0] if unknown else "a positional argument"
            raise pytest.UsageError(f"@pytest.mark.levelset does not take {what}; it takes {', '.join(sorted(known))}")
        asked = {**marker.kwargs, **asked}
    return _Wanted(**asked)


def _options(wanted: _Wanted) -> Any:
    from informers.testing.cluster import ClusterOptions  # noqa: PLC0415 - a fixture is used

    return ClusterOptions(controllers=None if wanted.controllers else frozenset(), rbac=wanted.rbac)


def _furnish(cluster: Cluster, wanted: _Wanted, request: pytest.FixtureRequest) -> Client:
    """Fill a cluster that has not been used; return a client of it."""
    from informers.api.client import Client  # noqa: PLC0415 - a fixture is used
    from informers.testing.inprocess import ClusterTransport  # noqa: PLC0415 - as above
    from informers.testing.state import install, read_state  # noqa: PLC0415 - as above

    client = Client(ClusterTransport(cluster), runtime=cluster.runtime, field_manager="levelset-pytest")
    here = request.config.rootpath
    if wanted.load is not None:
        install(cluster, read_state(here / wanted.load))
    crds: list[Crd | str | Path] = [*request.config.getini("levelset_crds"), *wanted.crds]
    for crd in crds:
        if isinstance(crd, (str, Path)):
            install(cluster, read_state(here / crd))
        else:
            client.create(crd if isinstance(crd, dict) else _definition(crd))
    return client


def _definition(kind: Any) -> Any:
    from informers.api.schema import crd_of  # noqa: PLC0415 - clusters of files need no schema generator

    return crd_of(kind)
