"""How values read in the cells of a table."""

from datetime import UTC, datetime

import pytest

from informers.testing.tables.cells import age_of, format_labels, format_selector, human_duration, shortened
from informers.testing.tables.podcells import pod_gates, pod_ready, pod_restarts, pod_status

NOW = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "<invalid>"),
        (-1, "0s"),
        (0.9, "0s"),
        (119, "119s"),
        (120, "2m"),
        (599, "9m59s"),
        (600, "10m"),
        (3 * 3600 - 1, "179m"),
        (3 * 3600, "3h"),
        (3 * 3600 + 60, "3h1m"),
        (8 * 3600 + 60, "8h"),
        (48 * 3600, "2d"),
        (49 * 3600, "2d1h"),
        (8 * 86400, "8d"),
        (2 * 365 * 86400, "2y"),
        (2 * 365 * 86400 + 86400, "2y1d"),
        (9 * 365 * 86400, "9y"),
    ],
)
def test_durations(seconds, text):
    """Two or three significant figures, as kubectl users know them."""
    assert text == human_duration(seconds)


def test_ages():
    """An age is counted to now; what has no time has no age."""
    assert "60s" == age_of("2029-12-31T23:59:00Z", NOW)
    assert "<unknown>" == age_of(None, NOW)
    assert "<unknown>" == age_of("yesterday", NOW)


def test_labels_and_selectors():
    """Both are sorted by key."""
    rules = [{"key": "c", "operator": "In", "values": ["y", "x"]}, {"key": "a", "operator": "DoesNotExist"}]

    assert "a=1,b=2" == format_labels({"b": "2", "a": "1"})
    assert "!a,b=2,c in (x,y)" == format_selector({"matchLabels": {"b": "2"}, "matchExpressions": rules})
    assert ("<none>", "<none>") == (format_labels(None), format_selector(None))


def test_short_lists():
    """Three items, then how many more."""
    assert "a,b,c + 2 more..." == shortened("abcde", "-")
    assert "-" == shortened([], "-")


def pod(*states, phase="Running", **status):
    """A pod whose containers are in these states, ready when running."""
    statuses = [{"name": str(i), "ready": "running" in s, "restartCount": i, "state": s} for i, s in enumerate(states)]
    spec = {"containers": [{"name": str(i)} for i, _ in enumerate(states)]}
    return {
        "metadata": {"name": "p"},
        "spec": spec,
        "status": {"phase": phase, "containerStatuses": statuses, **status},
    }


RUNNING = {"running": {}}
DONE = {"terminated": {"exitCode": 0, "reason": "Completed"}}


@pytest.mark.parametrize(
    ("obj", "text"),
    [
        ({}, ""),
        (pod(RUNNING), "Running"),
        (pod(phase="Pending"), "Pending"),
        (pod({"waiting": {"reason": "CrashLoopBackOff"}}, RUNNING), "CrashLoopBackOff"),
        (pod({"terminated": {"exitCode": 3}}), "ExitCode:3"),
        (pod({"terminated": {"exitCode": 137, "signal": 9}}), "Signal:9"),
        (pod(DONE, phase="Succeeded"), "Completed"),
        (pod(DONE, RUNNING), "NotReady"),
        (pod(DONE, RUNNING, conditions=[{"type": "Ready", "status": "True"}]), "Running"),
        (pod(reason="Evicted", phase="Failed"), "Evicted"),
        (pod(conditions=[{"type": "PodScheduled", "reason": "SchedulingGated"}]), "SchedulingGated"),
    ],
)
def test_pod_status(obj, text):
    """The phase, or what is in its way."""
    assert text == pod_status(obj, NOW)


def test_a_pod_that_goes_away():
    """Deletion shows before anything else, unless the pod has ended."""
    going, ended = pod(RUNNING), pod(phase="Failed")
    going["metadata"]["deletionTimestamp"] = ended["metadata"]["deletionTimestamp"] = "2030-01-01T00:00:00Z"

    assert "Terminating" == pod_status(going, NOW)
    assert "Failed" == pod_status(ended, NOW)


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ({"waiting": {"reason": "PodInitializing"}}, "Init:0/1"),
        ({"waiting": {"reason": "ErrImagePull"}}, "Init:ErrImagePull"),
        ({"terminated": {"exitCode": 1}}, "Init:ExitCode:1"),
        (DONE, "Running"),
    ],
)
def test_a_pod_that_initializes(state, text):
    """Init containers come first."""
    obj = pod(RUNNING, initContainerStatuses=[{"name": "i", "state": state}])
    obj["spec"]["initContainers"] = [{"name": "i"}]

    assert text == pod_status(obj, NOW)


def test_pod_counts():
    """Ready containers, restarts with the last one's age, and open gates."""
    obj = pod(RUNNING, RUNNING, {"waiting": {}}, conditions=[{"type": "a", "status": "True"}])
    obj["status"]["containerStatuses"][1]["lastState"] = {"terminated": {"finishedAt": "2029-12-31T23:59:00Z"}}
    obj["spec"]["readinessGates"] = [{"conditionType": "a"}, {"conditionType": "b"}]

    assert "2/3" == pod_ready(obj, NOW)
    assert "3 (60s ago)" == pod_restarts(obj, NOW)
    assert "1/2" == pod_gates(obj, NOW)


def test_sidecars_count_as_containers():
    """An init container that restarts always lives as long as the pod."""
    obj = pod(RUNNING, initContainerStatuses=[{"name": "s", "ready": True, "started": True, "restartCount": 4}])
    obj["spec"]["initContainers"] = [{"name": "s", "restartPolicy": "Always"}]

    assert "2/2" == pod_ready(obj, NOW)
    assert "4" == pod_restarts(obj, NOW)
