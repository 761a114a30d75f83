"""The measurements run, at a size at which they measure nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench import __main__ as bench
from bench import apart, contestants, objects, reads, replay, server, syncs, table, tracing, watching
from informers import GroupVersionKind, ThreadRuntime
from informers.api.wire import cached
from informers.testing import ApiServer, Cluster

ROOT = Path(__file__).parent.parent
HEAVY = ("aiohttp", "kubernetes", "opentelemetry", "prometheus_client")


def test_one_line_at_the_end(tmp_path):
    """`python -m bench.sync pods.v1` prints objects, wall and peak, and imports nothing that it does not need."""
    with ApiServer(Cluster(runtime=ThreadRuntime())) as server:
        path = server.kubeconfig(tmp_path / "kubeconfig")
        code = "import bench.sync, sys; bench.sync.main(); print(*sys.modules, file=sys.stderr)"
        environment = os.environ | {"KUBECONFIG": str(path), "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", code, "namespaces.v1"], env=environment, capture_output=True, text=True, check=True
        )
    result = json.loads(done.stdout.splitlines()[-1])

    assert {"objects", "wall_s", "peak_kb"} == set(result)
    assert 4 == result["objects"]
    assert [] == [name for name in HEAVY if name in done.stderr.split()]


@pytest.mark.parametrize(("bench_of", "row"), [(watching, "0.4 KB, and told to a handler"), (apart, "beside a")])
def test_watches_are_replayed(bench_of, row, capsys):
    """The replay server speaks list and watch, and every update arrives."""
    bench_of.main(["--runs", "1", "--objects", "40", "--events", "200"])

    assert row in capsys.readouterr().out


def test_reads(monkeypatch, capsys):
    """Each kind of read finds what it looks for."""
    monkeypatch.setattr(reads, "OBJECTS", 50)
    monkeypatch.setattr(reads, "READS", 50)
    reads.main()

    assert "`list` by owner" in capsys.readouterr().out


def test_ratios_are_our_share_of_theirs():
    """A half means that we take half of what they take."""
    theirs = {"wall_s": 2.0, "peak_kb": 2048, "cpu_s": 3.0}
    found = syncs.rows({"levelset": {"wall_s": 1.0, "peak_kb": 1024, "cpu_s": 1.0}, "peer": theirs})

    assert ("peer", "2.00", "0.50", "2", "0.50", "3.00") == found[1]


def test_growth_is_over_an_idle_process():
    """Bytes and microseconds an object."""
    grown = {"wall_s": 0.5, "peak_kb": 1100, "cpu_s": 0.4}
    idle = {"peak_kb": 1000, "cpu_s": 0.3}

    assert [("100 pods", "5000", "1000", "1024")] == syncs.linear([("pods.v1", 100, grown)], idle)


def test_the_server_alone(monkeypatch, capsys):
    """Without Go nobody asks the servers; what ours does in process is measured all the same."""
    monkeypatch.setattr(server, "go_load", lambda: None)
    server.main(["--runs", "1", "--scale", "0.001"])

    assert "ConfigMaps held, MB" in capsys.readouterr().out


def test_without_a_control_plane_it_says_so(monkeypatch, capsys):
    """And ends well."""
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    syncs.main([])

    assert "left out: no real control plane" in capsys.readouterr().out


def test_the_page_gets_what_was_printed(monkeypatch, tmp_path, capsys):
    """Between its marks; the rest of it stays."""
    monkeypatch.setattr(sys, "__stdout__", sys.stdout)
    monkeypatch.setitem(sys.modules, "bench.tiny", _tiny())
    page = tmp_path / "page.md"
    page.write_text(f"before\n{bench.BEGIN}\nold\n{bench.END}\nafter\n")
    bench.main(["tiny", "--write", str(page)])

    assert "| x | 2 us |" in page.read_text()
    assert ("before", "after", False) == (
        page.read_text().split("\n")[0],
        page.read_text().split("\n")[-2],
        "old" in page.read_text(),
    )


def _tiny():
    module = type(sys)("bench.tiny", "A tiny measurement.")
    module.main = lambda: table.grid(("", "each"), [("x", "2 us")])
    return module


@pytest.mark.parametrize(
    ("made", "kind", "least", "most"), [(objects.memcached, "Memcached", 1400, 1700), (objects.pod, "Pod", 4200, 5200)]
)
def test_objects_are_of_the_size_that_is_said(made, kind, least, most):
    """And are read like any other."""
    raw = objects.served(made(3), 12)
    group = "cache.example.com" if kind == "Memcached" else ""
    obj = cached(raw, gvk=GroupVersionKind(group, "v1", kind))

    assert least < len(raw) < most
    assert ("12", objects.namespace(3)) == (obj.meta.resource_version, obj.meta.namespace)


def test_events_follow_the_list():
    """Versions go on where the list ends."""
    script = replay.Script(3, 5)

    assert b'"resourceVersion":"1003"' in script.list
    assert b'"resourceVersion":"1008"' in script.events[-1]


def test_tracing_off_loads_nothing(monkeypatch, capsys):
    """The proof that it costs nothing stands below the table."""
    monkeypatch.setattr("bench.reconcile.KEYS", 50)
    monkeypatch.setattr("bench.tracing.ROUNDS", 1)
    tracing.main()
    said = capsys.readouterr().out

    assert "| on, all kept" in said
    assert "Loaded when off: nothing of OpenTelemetry" in said


def test_ours_runs_under_the_distributions_python():
    """Of this version, with our packages and what they need; where there is none, under this one."""
    code = "import sys, controller, msgspec; print(*sys.version_info[:2])"
    environment = {"PYTHONPATH": contestants.python_path()}
    done = subprocess.run(
        [contestants.distributed_python(), "-c", code], env=environment, capture_output=True, text=True, check=True
    )

    assert "{} {}".format(*sys.version_info[:2]) == done.stdout.strip()
