"""CronJobs start Jobs by the clock, in virtual time."""

from datetime import UTC, datetime

import pytest

from informers.testing.controllers.schedules import last_due, next_due, parsed


def cron_job(command="true", **spec):
    """Return a CronJob that is due every minute."""
    container = {"name": "c", "image": "busybox", "command": ["sh", "-c", command]}
    template = {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [container]}}}}
    wanted = {"schedule": "* * * * *", "jobTemplate": template, **spec}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "tick"}, "spec": wanted}


class TestRuns:
    def test_a_job_a_minute(self, lab):
        """Three finished ones are kept, named after the minute."""
        lab.create(cron_job())
        lab.advance(330)
        names, status = lab.names("Job"), lab.status("CronJob", "tick")

        assert 3 == len(names)
        assert all(name.startswith("tick-") for name in names)
        assert status["lastScheduleTime"] < status["lastSuccessfulTime"]

    @pytest.mark.parametrize(("policy", "jobs"), [("Allow", 3), ("Forbid", 1), ("Replace", 1)])
    def test_what_still_runs_counts(self, lab, policy, jobs):
        """It goes on beside the next one, keeps it away, or makes place."""
        lab.create(cron_job("sleep 600", concurrencyPolicy=policy))
        lab.advance(70)
        (first,) = lab.names("Job")
        lab.advance(120)

        assert jobs == len(lab.names("Job")) == len(lab.status("CronJob", "tick")["active"])
        assert (policy != "Replace") == (first in lab.names("Job"))

    def test_a_suspended_one_starts_nothing(self, lab):
        """However long one waits."""
        lab.create(cron_job(suspend=True))
        lab.advance(300)

        assert [] == lab.names("Job")

    def test_a_job_that_somebody_made_from_it_does_not_count(self, lab):
        """As `kubectl create job --from` does: it has the owner, and the controller did not start it."""
        cron = lab.create(cron_job("sleep 600", suspend=True))
        owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": "tick", "uid": cron["metadata"]["uid"]}
        metadata = {"name": "by-hand", "ownerReferences": [{**owner, "controller": True}]}
        spec = cron["spec"]["jobTemplate"]["spec"]
        lab.create({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec})
        lab.advance(5)

        assert ["by-hand"] == lab.names("Job")
        assert "active" not in lab.status("CronJob", "tick")

    def test_deleting_it_takes_its_jobs(self, lab):
        """And their Pods."""
        lab.create(cron_job("sleep 600"))
        lab.advance(70)
        lab.delete("CronJob", "tick")
        lab.advance(5)

        assert ([], []) == (lab.names("Job"), lab.names())


NOON = datetime(2030, 5, 15, 12, 0, 30, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("* * * * *", "2030-05-15T12:01"),
        ("*/20 * * * *", "2030-05-15T12:20"),
        ("5,10-12 3 * * *", "2030-05-16T03:05"),
        ("0 0 1 jan *", "2031-01-01T00:00"),
        ("30 9 * * mon-fri", "2030-05-16T09:30"),
        ("0 0 * * 7", "2030-05-19T00:00"),
        ("0 0 20 * sat", "2030-05-18T00:00"),
        ("0 0 29 2 *", "2032-02-29T00:00"),
        ("@hourly", "2030-05-15T13:00"),
    ],
)
def test_when_a_line_is_due(line, expected):
    """The first time after a Wednesday noon."""
    due = next_due(parsed(line), NOON)

    assert expected == due.isoformat()[:16]


def test_what_was_missed():
    """The last time counts, and none that is to come."""
    hourly = parsed("@hourly")

    assert NOON.replace(second=0) == last_due(hourly, NOON.replace(hour=3), NOON)
    assert last_due(hourly, NOON, NOON) is None
    assert next_due(parsed("0 0 31 2 *"), NOON) is None


@pytest.mark.parametrize("line", ["", "* * * *", "61 * * * *", "* * * * 9", "a * * * *"])
def test_lines_that_are_none(line):
    """Are refused."""
    with pytest.raises(ValueError, match=r"fields|within|invalid"):
        parsed(line)
