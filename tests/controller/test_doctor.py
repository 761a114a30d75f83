"""What keeps a controller from running here, found out."""

import pytest

from controller.doctor import look_at_cluster, look_at_config, look_at_machine
from informers.api.errors import Unreachable
from informers.api.transport import Response
from informers.testing import FakeCluster
from reconcilers.memcached import PERMISSIONS, Memcached


def verdicts(findings):
    """Return {subject: verdict}, the worst of each."""
    order = ["ok", "warn", "fail"]
    found = {}
    for one in findings:
        found[one.subject] = max(found.get(one.subject, "ok"), one.verdict, key=order.index)
    return found


def look(transport, runtime):
    """Look at a cluster for the Memcached controller."""
    return list(
        look_at_cluster(
            transport, kinds=[Memcached], permissions=PERMISSIONS, crd_command="make install", runtime=runtime
        )
    )


class TestMachine:
    def test_a_healthy_one(self, tmp_path):
        """Packages are there, nothing is in the way."""
        assert {"ok"} == set(verdicts(look_at_machine(tmp_path)).values())

    def test_a_file_that_takes_our_place_is_named_with_the_fix(self, tmp_path):
        """A user's controller.py beside their program shadows the package."""
        (tmp_path / "controller.py").touch()
        found = [one for one in look_at_machine(tmp_path) if one.verdict == "fail"]

        assert ["imports"] == [one.subject for one in found]
        assert "controller.py" in found[0].text
        assert found[0].fix.startswith("rename")


class TestConfig:
    def test_none_is_a_finding(self, tmp_path):
        """Not a traceback."""
        config, finding = look_at_config(str(tmp_path / "nowhere"))

        assert (None, "fail", True) == (config, finding.verdict, bool(finding.fix))


class TestCluster:
    @pytest.mark.parametrize(("crds", "expected"), [([Memcached], "ok"), ([], "fail")])
    def test_a_missing_crd_fails_with_the_command(self, crds, expected):
        """The rest is well."""
        with FakeCluster(crds=crds) as world:
            found = look(world.transport(), world.runtime)

        assert expected == verdicts(found)["crd"]
        assert expected == "ok" or "make install" in [one.fix for one in found]

    def test_an_older_crd_is_a_warning_that_names_the_fields(self):
        """The server would drop what it does not know."""
        with FakeCluster(crds=[Memcached]) as world:
            kind = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")
            crd = world.get(kind, "memcacheds.cache.example.com")
            del crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["image"]
            crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"].pop("default", None)
            world.client().update(crd)
            found = look(world.transport(), world.runtime)

        assert [".spec.image"] == [
            one.text.rpartition("lacks ")[2] for one in found if one.verdict == "warn" and one.subject == "crd"
        ]

    def test_a_server_that_is_not_there_ends_the_search(self):
        """Nothing else can be known."""

        class Nobody:
            def request(self, call):
                raise Unreachable("connection refused")

        with FakeCluster() as world:
            assert ["server"] == [one.subject for one in look(Nobody(), world.runtime)]

    def test_a_server_that_does_not_know_us_ends_the_search(self):
        """The login is stale."""

        class Stranger:
            def request(self, call):
                return Response(401, {}, b"{}")

        with FakeCluster() as world:
            assert ["fail"] == [one.verdict for one in look(Stranger(), world.runtime)]
