"""When the server is gone: one voice for all kinds."""

import logging

import pytest

from informers.api.errors import Forbidden, KindNotServed, Unreachable
from informers.api.objects import GroupVersionKind
from informers.outage import Outage
from informers.reflector import Reflector
from tests.informers.scripted import Keeper

GONE = Unreachable("connection refused")


@pytest.fixture
def outage(runtime):
    """Nothing has failed yet."""
    return Outage(runtime=runtime)


class TestNews:
    def test_of_failures_to_reach_the_server_each_doubling_is_news(self, outage):
        """Over all kinds together."""
        told = [number for number in range(1, 40) if outage.worth_telling(GONE)]

        assert [1, 2, 4, 8, 16, 32] == told

    @pytest.mark.parametrize("end", [Outage.answered, lambda outage: outage.worth_telling(Forbidden("no"))])
    def test_any_answer_ends_the_outage(self, outage, end):
        """Also a refusal; what comes after it is a new one."""
        for _ in range(5):
            outage.worth_telling(GONE)
        end(outage)

        assert outage.worth_telling(GONE)

    def test_refusals_are_always_news(self, outage):
        """They are about one kind each."""
        assert all(outage.worth_telling(Forbidden("no")) for _ in range(5))


def test_twenty_kinds_that_lose_the_server_are_a_handful_of_lines(runtime, server, outage, caplog):
    """And each that complained says when it is well again."""
    caplog.set_level(logging.INFO, "levelset.informers")
    server.lists.extend([GONE] * 100)
    for number in range(20):
        gvk = GroupVersionKind("", "v1", f"Kind{number}")
        way = (lambda: "/api/v1/pods", lambda: KindNotServed(""), Keeper(), server)
        reflector = Reflector(gvk, *way, runtime=runtime, outage=outage)
        runtime.spawn(gvk.kind, reflector.run)
    runtime.advance(300)
    lines = [record.getMessage() for record in caplog.records]
    complaints = [line for line in lines if "connection refused" in line]

    assert 5 <= len(complaints) <= 10
    assert {line.split()[0] for line in complaints} == {line.split()[0] for line in lines if "listed again" in line}
