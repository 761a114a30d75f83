"""Everything that authenticates us changes under a running informer, over real TLS, and no request fails (H42, S14)."""

import json
import queue
import threading

import pytest

from informers.api.credentials import Credential
from informers.api.discovery import Discovery
from informers.api.transport import Call
from informers.informer import Informer
from informers.observe import Observer
from tests.informers.api.played import CONFIG_MAP, V1, config_map, event
from tests.informers.api.sockets import CHUNKED, Authority, chunk, rotating

LIST = json.dumps({"metadata": {"resourceVersion": "7"}, "items": [config_map()]}).encode()


class Api:
    """An API server of one ConfigMap: discovery, a list, and watches that the test feeds and cuts."""

    def __init__(self):
        self.allowed, self.watches, self.cuts, self.opened = None, [], [], queue.Queue()

    def __call__(self, peer):
        """Answer one connection."""
        for request in peer.requests():
            if self.allowed is not None and request.headers.get("authorization") not in self.allowed:
                peer.answer(b"{}", status=401)
            elif "watch=true" in request.target:
                self._watch(peer)
                return
            else:
                peer.answer(json.dumps(V1).encode() if request.target.startswith("/api/v1?") else LIST)

    def _watch(self, peer):
        cut = threading.Event()
        peer.send(CHUNKED)
        self.cuts.append(cut)
        self.opened.put(peer)
        cut.wait(10)
        peer.send(b"0\r\n\r\n")

    def say(self, version):
        """Tell the latest watch of a change, once it is open."""
        self.opened.get(timeout=5).send(chunk(event("MODIFIED", config_map(resourceVersion=version))))

    def cut(self):
        """End the watch in good order, as a server does that restarts."""
        self.cuts[-1].set()


class Told:
    """A handler that passes on the versions it hears of."""

    def __init__(self):
        self.versions = queue.Queue()

    def on_add(self, obj, *, initial):
        """Pass it on."""
        self.versions.put(obj.meta.resource_version)

    def on_update(self, old, new):
        """Pass it on."""
        self.versions.put(new.meta.resource_version)

    def on_delete(self, obj, *, final_state_unknown):
        """Pass it on."""


class Failures(Observer):
    """Notes what goes wrong."""

    def __init__(self):
        self.seen = []

    def failed(self, gvk, *, error, failures):
        """Note it."""
        self.seen.append(str(error))


@pytest.fixture
def mirror(serve, connect):
    """Return a function that starts an informer of a server: (server, api, told, check)."""
    running = []

    def start(context, **settings):
        api, told, failures = Api(), Told(), Failures()
        server = serve(api, context)
        transport = connect(server, "https", **settings)
        runtime = transport.runtime
        discovery = Discovery(transport, runtime=runtime)
        informer = Informer(CONFIG_MAP, transport, runtime=runtime, discovery=discovery, observe=failures)
        informer.add_handler(told, name="test")
        informer.start()
        running.append((informer, api))

        def check():
            assert ([], []) == (failures.seen, transport.observe.retries)
            assert {200} == set(transport.observe.attempts)

        return server, api, told, check

    yield start
    for informer, api in running:
        informer.stop()
        for cut in api.cuts:
            cut.set()
        informer.join(5)


@pytest.fixture(scope="module")
def authorities():
    """An authority and its successor."""
    return Authority("old"), Authority("new")


def heard(told, *versions):
    """Wait for these versions, in this order."""
    assert list(versions) == [told.versions.get(timeout=5) for _ in versions]


def test_a_token(mirror, authorities, tmp_path):
    """The kubelet swaps a link; the server forgets the old token; the watch goes on with the new one."""
    old, _ = authorities
    swap = rotating(tmp_path, "one")
    context = old.context(tmp_path / "server", "127.0.0.1")
    _, api, told, check = mirror(context, ca_data=old.pem, token_file=str(tmp_path / "data" / "token"))
    api.say("8")
    heard(told, "7", "8")
    swap("two")
    api.allowed = {"Bearer two"}
    api.cut()
    api.say("9")
    heard(told, "9")

    check()


def test_the_servers_authority(mirror, authorities, tmp_path):
    """Both are trusted for a while, then the server shows a certificate of the new one, then the old one goes."""
    old, new = authorities
    ca = tmp_path / "ca.crt"
    ca.write_bytes(old.pem)
    server, api, told, check = mirror(old.context(tmp_path / "a", "127.0.0.1"), ca_file=str(ca))
    api.say("8")
    heard(told, "7", "8")
    for bundle, context, version in (
        (old.pem + new.pem, new.context(tmp_path / "b", "127.0.0.1"), "9"),
        (new.pem, None, "10"),
    ):
        ca.write_bytes(bundle)
        server.context = context or server.context
        api.cut()
        api.say(version)
        heard(told, version)

    check()


def test_a_client_certificate(mirror, connect, authorities, tmp_path):
    """Between the writes of its two files certificate and key do not belong together, and the old pair serves."""
    old, new = authorities
    files = certificate, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    for path, content in zip(files, old.issue("me"), strict=True):
        path.write_bytes(content)
    context = old.context(tmp_path / "a", "127.0.0.1", clients=old)
    names = {"certificate_file": str(certificate), "key_file": str(key)}
    server, api, told, check = mirror(context, ca_data=old.pem, **names)
    api.say("8")
    heard(told, "7", "8")
    for path, content in zip(files, new.issue("me"), strict=True):
        path.write_bytes(content)
        if path is key:
            server.context = old.context(tmp_path / "b", "127.0.0.1", clients=new)
        api.cut()
        api.say("9" if path is certificate else "10")
    heard(told, "9", "10")

    check()


def test_a_plugins_certificate(serve, connect, authorities, tmp_path):
    """A plugin that prints another certificate makes new connections show it; the old ones are given up."""
    old, new = authorities
    issued = [old.issue("me"), new.issue("me")]
    server = serve(Api(), old.context(tmp_path / "a", "127.0.0.1", clients=old))
    transport = connect(server, "https", ca_data=old.pem, fetch=lambda: Credential("", *issued[0]))
    first = transport.request(Call("GET", "/api/v1"))
    issued.pop(0)
    server.context = old.context(tmp_path / "b", "127.0.0.1", clients=new)
    renewed = transport._credentials.renew(transport._credentials.current())
    second = transport.request(Call("GET", "/api/v1"))

    assert renewed
    assert ([200, 200], 2) == ([first.status, second.status], server.connections)
