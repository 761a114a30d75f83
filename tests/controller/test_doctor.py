"""What keeps a controller from running here, found out."""

import json
from datetime import timedelta
from email.utils import format_datetime

import pytest
from click.testing import CliRunner

from controller.cli import levelset
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


class Told:
    """A server of some version and time of day, on which nothing is allowed."""

    def __init__(self, minor, headers):
        self._minor, self._headers = minor, headers

    def request(self, call):
        """See `Transport`."""
        if call.path == "/version":
            told = {"gitVersion": f"v1.{self._minor}.0", "major": "1", "minor": self._minor}
            return Response(200, self._headers, json.dumps(told).encode())
        return Response(
            201, {}, b'{"status": {"resourceRules": [], "nonResourceRules": [], "incomplete": false, "allowed": false}}'
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


class TestCommand:
    def test_each_bad_finding_stands_above_its_fix_and_ends_with_1(self, tmp_path, monkeypatch):
        """As a person reads it; what looks like a credential is not shown."""
        monkeypatch.chdir(tmp_path)
        (tmp_path / "controller.py").touch()
        result = CliRunner().invoke(levelset, ["doctor", "--kubeconfig", "https://me:hunter2@nowhere"])
        lines = result.output.splitlines()
        bad = [number for number, line in enumerate(lines) if line.startswith("fail")]

        assert 1 == result.exit_code
        assert ["imports", "kubeconfig"] == [lines[number].split()[1] for number in bad]
        assert all(lines[number + 1].strip().startswith("-> ") for number in bad)
        assert "hunter2" not in result.output


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

    @pytest.mark.parametrize(
        ("minor", "ahead", "expected"),
        [
            ("36", 0, {"server": "ok", "clock": "ok"}),
            ("20", 0, {"server": "warn", "clock": "ok"}),
            ("36+", 90, {"server": "ok", "clock": "warn"}),
            ("36", None, {"server": "ok", "clock": "warn"}),
        ],
    )
    def test_versions_and_clocks_that_do_not_fit_are_warnings(self, minor, ahead, expected):
        """With how far they are apart, and what to do."""
        with FakeCluster() as world:
            moment = world.runtime.wall() + timedelta(seconds=ahead or 0)
            date = {} if ahead is None else {"date": format_datetime(moment)}
            found = list(
                look_at_cluster(Told(minor, date), kinds=[], permissions=[], crd_command="", runtime=world.runtime)
            )

        assert expected == verdicts(found)
        assert all(one.fix for one in found if one.verdict != "ok")
        assert ahead != 90 or any("90 s behind" in one.text for one in found)

    def test_what_may_not_be_done_is_named_with_the_rule_that_grants_it(self):
        """Ready to be pasted into a role."""
        with FakeCluster() as world:
            permissions = [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["patch"]}]
            told = Told("36", {})
            found = list(
                look_at_cluster(told, kinds=[], permissions=permissions, crd_command="", runtime=world.runtime)
            )
        (lacking,) = [one for one in found if one.verdict == "fail"]

        assert "patch" in lacking.text
        assert 'grant {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["patch"]}' == lacking.fix

    def test_permissions_that_cannot_be_asked_for_are_not_called_well(self):
        """A proxy in between may refuse the question."""

        class Mute(Told):
            def request(self, call):
                return super().request(call) if call.method == "GET" else Response(403, {}, b"{}")

        with FakeCluster() as world:
            rule = {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["patch"]}
            mute = Mute("36", {})
            found = list(look_at_cluster(mute, kinds=[], permissions=[rule], crd_command="", runtime=world.runtime))

        assert "warn" == verdicts(found)["permissions"]

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
