"""What a program is doing, as a snapshot, as JSON and as pages."""

import json

import pytest

from controller import Builder, Manager, ManagerOptions
from controller.debug import PAGES, debug_pages
from controller.health import NotReady
from controller.page import Visit
from controller.telemetry.recent import Recent
from informers.testing import FakeCluster

OFF = {"metrics_bind_address": "0", "health_probe_bind_address": "0", "debug_bind_address": "0"}
CONFIG_MAP = ("v1", "ConfigMap")


def fail(request):
    """Fail with markup in the message."""
    raise ValueError(f"<script>{request.name}</script>")


@pytest.fixture
def manager():
    """A program in virtual time, whose one controller fails."""
    with FakeCluster() as world:
        recent = Recent(runtime=world.runtime)
        manager = Manager(
            options=ManagerOptions(**OFF), transport=world.transport(), runtime=world.runtime, observe=recent
        )
        manager.recent = recent
        Builder(manager).for_(CONFIG_MAP).named("copier").complete(fail)
        manager.start()
        world.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "default"}})
        world.runtime.sleep(1)
        yield manager
        manager.stop()


def test_a_snapshot_has_every_part(manager):
    """Controllers, informers, readiness, uptime."""
    shot = manager.snapshot()

    assert (["copier"], ["ConfigMap"]) == ([c.name for c in shot.controllers], [i.gvk.kind for i in shot.informers])
    assert ("ok", None, None) == (shot.ready, shot.leader, shot.shard)
    assert 1 <= shot.uptime < 2


def test_programs_read_it_as_json(manager):
    """Names in camelCase, keys as text."""
    shown = json.loads(manager.status.page(Visit()).body)

    failing = shown["controllers"][0]["failing"][-1]
    assert "default/a" == failing["request"]
    assert "ValueError: <script>a</script>" == failing["error"]
    assert "watching" == shown["informers"][0]["state"]


@pytest.mark.parametrize("name", PAGES)
def test_people_read_it_as_pages_without_scripts(manager, name):
    """Whatever an error says is shown as text."""
    pages = debug_pages(manager.status, manager.recent, manager.options, runtime=manager.runtime)
    page = pages[f"/debug/{name}"](Visit())

    assert 200 == page.status
    assert b"<script" not in page.body
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_the_page_of_reconciles_names_slow_and_failing_keys(manager):
    """With ids that lead to the log."""
    pages = debug_pages(manager.status, manager.recent, manager.options, runtime=manager.runtime)
    body = pages["/debug/reconciles"](Visit()).body.decode()

    assert "&lt;script&gt;a" in body
    assert manager.recent.errors[0].reconcile_id in body


def test_without_a_collector_there_are_no_pages(manager):
    """As with the debug address off."""
    assert {} == debug_pages(manager.status, None, manager.options, runtime=manager.runtime)


def test_the_page_of_options_shows_values_as_one_writes_them(manager):
    """A duration with its unit, a switch as true or false, and what differs from the default."""
    pages = debug_pages(manager.status, manager.recent, manager.options, runtime=manager.runtime)
    body = pages["/debug/options"](Visit()).body.decode()

    assert "<td>--cache-sync-timeout</td><td>120s</td><td></td>" in body
    assert "<td>--audit-log</td><td>false</td><td></td>" in body
    assert "<td>--debug-bind-address</td><td>0</td><td>changed</td>" in body


def test_the_page_of_informers_says_how_old_its_knowledge_is(manager):
    """An age is read at a glance, a time of day is not."""
    manager.runtime.sleep(20)
    pages = debug_pages(manager.status, manager.recent, manager.options, runtime=manager.runtime)
    body = pages["/debug/informers"](Visit()).body.decode()

    assert "<td>21s ago</td>" in body


SECRETIVE = (
    "cannot log in: Authorization: Bearer hunter2-hunter2, https://me:hunter2@proxy, token=hunter2, "
    "eyJhbGciOiJSUzI1NiJ9.aHVudGVyMg-hunter2.c2lnbmF0dXJl, {'password': 'hunter2'}"
)


def test_no_page_shows_a_credential():
    """Wherever it comes from: an option, an error of a reconciler or of a check, an event."""
    options = ManagerOptions(**OFF, kubeconfig="https://me:hunter2@host/kubeconfig")

    def fail(request):
        manager.recorder.event(manager.cache.get(CONFIG_MAP, request), "Warning", "Failed", "Copy", SECRETIVE)
        raise ValueError(SECRETIVE)

    def unready():
        raise NotReady(SECRETIVE)

    with FakeCluster() as world:
        recent = Recent(runtime=world.runtime)
        manager = Manager(options=options, transport=world.transport(), runtime=world.runtime, observe=recent)
        Builder(manager).for_(CONFIG_MAP).named("copier").complete(fail)
        manager.add_readyz_check("login", unready)
        manager.start()
        world.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "default"}})
        world.runtime.sleep(1)
        pages = debug_pages(manager.status, recent, options, runtime=world.runtime)
        shown = {path: page(Visit()).body.decode() for path, page in pages.items()}
        shown["/readyz"] = manager.endpoints.readyz(Visit()).body.decode()
        shown["events"] = str(world.list(("events.k8s.io/v1", "Event")))
        manager.stop()

    assert {} == {path: text for path, text in shown.items() if "hunter2" in text}
    assert all("cannot log in" in shown[path] for path in ("/debug/reconciles", "/api/v1/status", "/readyz", "events"))
