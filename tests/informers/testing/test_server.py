"""The HTTP face: what sockets add to what the REST face does."""

import json
import os
import socket
import ssl
import subprocess
import sys
from types import SimpleNamespace

import pytest
import urllib3

from informers.runtime import ThreadRuntime
from informers.testing import ApiServer, Cluster, ClusterOptions, ServerOptions

MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.fixture(scope="module")
def server():
    """A server of a bare cluster."""
    options = ClusterOptions(controllers=frozenset())
    with ApiServer(Cluster(runtime=ThreadRuntime(), options=options)) as started:
        yield started


@pytest.fixture
def pool(server):
    """A client that trusts the server."""
    with urllib3.PoolManager(ssl_context=ssl.create_default_context(cadata=server.authority.decode())) as made:
        yield made


def ask(pool, server, method, path, body=None, **options):
    """Ask with the token."""
    headers = {
        "Authorization": f"Bearer {server.token}",
        "Content-Type": "application/json",
        **options.pop("headers", {}),
    }
    data = None if body is None else json.dumps(body)
    return pool.request(method, server.url + path, body=data, headers=headers, retries=False, timeout=10, **options)


class TestRequests:
    def test_writing_and_reading(self, server, pool):
        """Bodies, status and content type go through."""
        made = ask(pool, server, "POST", MAPS, {"metadata": {"name": "a"}, "data": {"k": "v"}})
        found = ask(pool, server, "GET", f"{MAPS}/a")

        assert (201, 200) == (made.status, found.status)
        assert ({"k": "v"}, "application/json") == (found.json()["data"], found.headers["content-type"])

    def test_one_connection_serves_many_requests(self, server, pool):
        """Keep-alive, also after refusals."""
        for path in ("/version", "/nope", f"{MAPS}/nope", "/healthz"):
            ask(pool, server, "GET", path)

        assert 1 == pool.connection_from_url(server.url).num_connections

    def test_warnings_have_a_header_each(self, server, pool):
        """As clients count them."""
        answer = ask(pool, server, "POST", f"{MAPS}?dryRun=All", {"metadata": {"name": "w"}, "a": 1, "b": 2})

        assert 2 == len(answer.headers.getlist("Warning"))

    def test_bodies_have_a_limit(self, server, pool):
        """413, and the server lives on."""
        answer = ask(pool, server, "POST", MAPS, {"data": {"k": "x" * (3 << 20)}})

        assert (413, "RequestEntityTooLarge") == (answer.status, answer.json()["reason"])
        assert 200 == ask(pool, server, "GET", "/healthz").status

    def test_faults_of_ours_are_answers_too(self):
        """500 with a Status, counted; here of a cluster that lacks everything."""
        broken = SimpleNamespace(runtime=ThreadRuntime(), registry=None, guard=None, trust=lambda _: None)
        with ApiServer(broken, options=ServerOptions(tls=False)) as server, urllib3.PoolManager() as pool:
            answer = ask(pool, server, "GET", MAPS)
            snapshot = server.snapshot()

        assert (500, "InternalError") == (answer.status, answer.json()["reason"])
        assert (1, True) == (snapshot.faults, snapshot.last_fault.startswith("AttributeError"))

    @pytest.mark.parametrize(
        "target", ["/%", "/%zz/%", "/api/v1/%ff%fe", "/?%", "//", "/api/v1/namespaces/%2e%2e/x", "*"]
    )
    def test_odd_targets(self, server, target):
        """Whatever the request line holds, there is an answer."""
        context = ssl.create_default_context(cadata=server.authority.decode())
        host, port = server.url.removeprefix("https://").split(":")
        head = f"GET {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token}\r\nConnection: close\r\n\r\n"
        raw = socket.create_connection((host, int(port)), timeout=5)
        with context.wrap_socket(raw, server_hostname=host) as wire:
            wire.sendall(head.encode())

            assert wire.recv(12).startswith(b"HTTP/1.")


class TestAccess:
    @pytest.mark.parametrize(
        ("token", "status"), [("Bearer wrong", 401), ("Bearer", 403), ("Basic eA==", 403), (None, 403)]
    )
    def test_strangers_are_refused(self, server, pool, token, status):
        """401 for a wrong token, 403 for none."""
        headers = {"Authorization": token} if token else {}

        assert status == pool.request("GET", server.url + MAPS, headers=headers).status

    def test_health_is_for_everybody(self, server, pool):
        """As are liveness and version."""
        assert b"ok" == pool.request("GET", f"{server.url}/healthz").data

    def test_other_authorities_do_not_vouch_for_it(self, server):
        """A client must be given the right one."""
        with urllib3.PoolManager() as pool, pytest.raises(urllib3.exceptions.SSLError):
            pool.request("GET", server.url, retries=False)

    def test_secrets_stay_out_of_sight(self, server):
        """Neither the token nor the key is in what is shown."""
        assert server.token not in repr(server.snapshot())
        assert server.token not in repr(server)

    def test_whoever_speaks_no_tls_is_hung_up_on(self, server):
        """And nobody else is hurt."""
        host, port = server.url.removeprefix("https://").split(":")
        with socket.create_connection((host, int(port)), timeout=5) as wire:
            wire.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            said = b"".join(iter(lambda: wire.recv(1000), b""))

        assert b"HTTP" not in said
        assert 0 == server.snapshot().faults

    def test_impersonated_groups_may_be_several(self, server, pool):
        """One header each."""
        headers = urllib3.HTTPHeaderDict({"Authorization": f"Bearer {server.token}", "Impersonate-User": "jane"})
        headers.add("Impersonate-Group", "one")
        headers.add("Impersonate-Group", "two")
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        url = f"{server.url}/apis/authentication.k8s.io/v1/selfsubjectreviews"
        answer = pool.request("POST", url, body=json.dumps(review), headers=headers)

        assert {"one", "two"} <= set(answer.json()["status"]["userInfo"]["groups"])


class TestWatches:
    def test_events_arrive_as_they_happen(self, server, pool):
        """Chunk by chunk, until the time is up."""
        ask(pool, server, "POST", MAPS, {"metadata": {"name": "watched"}})
        query = "?watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3Dwatched"
        answer = ask(pool, server, "GET", MAPS + query, preload_content=False)
        lines = (json.loads(line) for line in answer)
        first = next(lines)["type"]
        ask(pool, server, "DELETE", f"{MAPS}/watched")
        rest = [event["type"] for event in lines]

        assert ("ADDED", ["DELETED"]) == (first, rest)

    def test_a_client_that_hangs_up(self, server, pool):
        """Its watch is closed."""
        answer = ask(pool, server, "GET", f"{MAPS}?watch=1&labelSelector=none", preload_content=False)
        open_then = server.snapshot().watches
        answer.connection.sock.close()
        answer.close()
        ask(pool, server, "POST", MAPS, {"metadata": {"name": "nudge"}})
        runtime = ThreadRuntime()
        until = runtime.monotonic() + 5
        while server.snapshot().watches and runtime.monotonic() < until:
            runtime.sleep(0.01)

        assert (1, 0) == (open_then, server.snapshot().watches)


class TestLife:
    def make(self, **options):
        """A server that is not started."""
        bare = ClusterOptions(controllers=frozenset())
        return ApiServer(Cluster(runtime=ThreadRuntime(), options=bare), options=ServerOptions(**options))

    def test_stopping_ends_watches_and_frees_the_port(self):
        """Within a second, whoever is connected."""
        server, runtime = self.make(tls=False), ThreadRuntime()
        server.start()
        with urllib3.PoolManager() as pool:
            answer = ask(pool, server, "GET", f"{MAPS}?watch=1&labelSelector=none", preload_content=False)
            before = runtime.monotonic()
            server.stop()
            took = runtime.monotonic() - before

            assert b"" == answer.read()
            assert 1.0 > took
        again = self.make(tls=False, port=int(server.url.rpartition(":")[2]))
        again.start()
        again.stop()

    def test_it_can_be_started_again(self):
        """With all its cluster has, and watches that go on until their time is up."""
        server = self.make(tls=False)
        for name in ("first", "second"):
            with server, urllib3.PoolManager() as pool:
                ask(pool, server, "POST", MAPS, {"metadata": {"name": name}})
                answer = ask(pool, server, "GET", f"{MAPS}?watch=1&timeoutSeconds=1")
                shown = [json.loads(line)["object"]["metadata"]["name"] for line in answer.data.splitlines()]

        assert ["first", "second"] == shown

    def test_a_port_that_is_taken(self, server):
        """The message names it."""
        port = int(server.url.rpartition(":")[2])

        other = self.make(tls=False)
        other.start()
        late = self.make(tls=False, port=int(other.url.rpartition(":")[2]))

        with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{port}"):
            self.make(port=port).start()
        with pytest.raises(OSError, match="cannot listen"):
            late.start()
        other.stop()
        late.start()
        late.stop()

    def test_plain_http(self):
        """On request, with a token of one's own."""
        with self.make(tls=False, token="mine") as server, urllib3.PoolManager() as pool:
            assert server.url.startswith("http://127.0.0.1:")
            assert 200 == pool.request("GET", server.url + MAPS, headers={"Authorization": "Bearer mine"}).status

    def test_an_open_server(self):
        """Whoever shows no token is the admin; a wrong one is refused all the same."""
        with self.make(tls=False, open=True) as server, urllib3.PoolManager() as pool:
            url, wrong = server.url + MAPS, {"Authorization": "Bearer wrong"}

            assert 200 == pool.request("GET", url).status
            assert 401 == pool.request("GET", url, headers=wrong).status

    def test_starting_and_stopping_twice(self):
        """Changes nothing."""
        server = self.make(tls=False)
        server.start()
        server.start()
        server.stop()
        server.stop()

        assert 0 == server.snapshot().requests

    def test_the_kubeconfig(self, server, tmp_path):
        """Authority and token inside, for its owner alone."""
        path = server.kubeconfig(tmp_path / "config")

        assert server.token in path.read_text()
        assert 0o600 == path.stat().st_mode & 0o777


def test_the_fake_needs_no_server():
    """Unit tests pay neither for aiohttp nor for cryptography."""
    code = "import sys, informers.testing as t; t.FakeCluster; print({'aiohttp', 'cryptography'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=True)

    assert "set()" == done.stdout.strip()
