"""Webhooks on a real socket, installed at a real (embedded) API server, and asked by it."""

import http.client
import json
import ssl
from contextlib import closing

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from controller import Denied, Manager, ManagerOptions, converting, defaulting, serve_webhooks, validating
from controller.endpoints import EndpointOptions
from controller.observe import ControllerObserver
from controller.telemetry.tracing import Tracing
from controller.webhooks.configuration import at_service, at_url, converted_crds
from controller.webhooks.install import Installation
from controller.webhooks.server import WebhookServer
from informers import ThreadRuntime
from informers.testing import FakeCluster
from tests.controller.webhooks.conftest import OldPool, Pool, down, pool, up

RUNTIME = ThreadRuntime()


class Heard(ControllerObserver):
    """Notes what a webhook tells."""

    def __init__(self):
        self.finished = []

    def webhook_finished(self, path, *, seconds, error):
        """See `ControllerObserver`."""
        self.finished.append((path, type(error).__name__))


def refuse(review):
    """Refuse everything."""
    raise Denied("not today")


@pytest.fixture
def world():
    """A cluster that knows the kind."""
    with FakeCluster(crds=[Pool]) as world:
        yield world


@pytest.fixture
def serve(world):
    """Start webhook servers; stop them afterwards."""
    started = []

    def start(*hooks, observe=None, **options):
        server = WebhookServer(
            hooks,
            name="pools",
            client=world.client(),
            runtime=RUNTIME,
            observe=observe or ControllerObserver(),
            options=EndpointOptions(webhook_bind_address="127.0.0.1:0", **options),
        )
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        server.stop(RUNTIME.monotonic() + 5)


def post(server, path, body, **headers):
    """Return status and JSON of a request over TLS that trusts the server's own authority."""
    trust = ssl.create_default_context(cadata=server.authority.decode())
    with closing(http.client.HTTPSConnection("localhost", server.port, timeout=5, context=trust)) as connection:
        connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
        response = connection.getresponse()
        return response.status, json.loads(response.read())


def test_the_trace_of_who_asks_goes_on_in_the_handler(serve, asking):
    """Through the socket, onto the thread that the handler runs on; its own calls are then part of it."""
    exporter, seen = InMemorySpanExporter(), []
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))

    def look(review):
        seen.append(trace.get_current_span().get_span_context())

    server = serve(validating(Pool, look), observe=Tracing(provider))
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    post(server, "/validate-example-com-v1-pool", asking(new=pool()), traceparent=parent)
    (span,) = exporter.get_finished_spans()

    assert [span.context] == seen
    assert parent == f"00-{span.context.trace_id:032x}-{span.parent.span_id:016x}-01"


def test_a_refusal_is_http_200_with_the_answer_inside(serve, asking):
    """And it is heard of."""
    heard = Heard()
    server = serve(validating(Pool, refuse), observe=heard)
    status, review = post(server, "/validate-example-com-v1-pool", asking(new=pool()))

    assert (200, False, "not today") == (status, review["response"]["allowed"], review["response"]["status"]["message"])
    assert [("/validate-example-com-v1-pool", "Denied")] == heard.finished


def test_for_development_it_installs_itself_and_leaves_nothing_behind(serve, world):
    """With the CA of its own making."""
    server = serve(defaulting(Pool, lambda review: None), webhook_host="localhost")
    kind = ("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration")
    config = world.get(kind, "pools")["webhooks"][0]["clientConfig"]
    server.stop(RUNTIME.monotonic() + 5)

    assert f"https://localhost:{server.port}/mutate-example-com-v1-pool" == config["url"]
    assert config["caBundle"]
    assert [] == world.list(kind)


@pytest.mark.parametrize("before", ["None", "Webhook"])
def test_conversion_is_taken_over_and_given_back(before):
    """Whoever converted before does so again; meanwhile nobody else is asked."""
    elsewhere = {"conversionReviewVersions": ["v1"], "clientConfig": {"service": {"name": "s", "namespace": "n"}}}
    was = {"strategy": before, **({"webhook": elsewhere} if before == "Webhook" else {})}
    hook, kind = converting(OldPool, Pool, up=up, down=down), ("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    crd = converted_crds([hook], where=at_service("s", "n"))[0]
    with FakeCluster() as world:
        world.create({**crd, "spec": {**crd["spec"], "conversion": was}})
        was = world.get(kind, crd["metadata"]["name"])["spec"]["conversion"]
        here = at_url("https://127.0.0.1:1", authority=b"PEM")
        mine = Installation([hook], name="pools", where=here, client=world.client())
        mine.install()
        taken = world.get(kind, crd["metadata"]["name"])["spec"]["conversion"]
        mine.remove()
        given_back = world.get(kind, crd["metadata"]["name"])["spec"]["conversion"]

    assert {"url": "https://127.0.0.1:1/convert", "caBundle": "UEVN"} == taken["webhook"]["clientConfig"]
    assert was == given_back


def test_two_handlers_for_one_path_are_refused(serve):
    """Before anything is served."""
    with pytest.raises(ValueError, match="two webhooks at"):
        serve(validating(Pool, refuse), validating(Pool, refuse))


def test_a_program_is_not_ready_before_its_webhooks_are_served(world):
    """A Service would send the API server to a Pod that cannot answer yet."""
    options = ManagerOptions(
        metrics_bind_address="0",
        health_probe_bind_address="0",
        debug_bind_address="0",
        webhook_bind_address="127.0.0.1:0",
    )
    manager = Manager(options=options, transport=world.transport(), runtime=RUNTIME)
    serve_webhooks(manager, [validating(Pool, refuse)], name="pools")
    before = manager.endpoints.readyz.verdict()
    manager.start()
    during = manager.endpoints.readyz.verdict()
    manager.stop()

    assert ("webhooks-pools: webhooks are not served", "ok") == (before, during)
