"""Jobs make Pods until enough of them succeeded, or too many failed, in virtual time."""

import pytest

from informers.testing.controllers.fates import FATE_ANNOTATION, Fate
from informers.testing.controllers.jobwork import spans


def job(name="j", command="true", restart="Never", **spec):
    """Return a Job of one container."""
    container = {"name": "c", "image": "busybox", "command": ["sh", "-c", command]}
    template = {"spec": {"restartPolicy": restart, "containers": [container]}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {"template": template, **spec}}


def conditions(lab, name="j"):
    """Return {type: reason} of the conditions that hold."""
    return {c["type"]: c["reason"] for c in lab.status("Job", name).get("conditions", ()) if c["status"] == "True"}


DONE = {"SuccessCriteriaMet": "CompletionsReached", "Complete": "CompletionsReached"}


def given_up(reason):
    """Return the conditions of a Job that failed."""
    return {"FailureTarget": reason, "Failed": reason}


class TestSuccess:
    def test_a_job_completes(self, lab):
        """Its Pods stay, and say how they ended."""
        lab.create(job(completions=3, parallelism=2))
        lab.advance(1)
        active = lab.status("Job", "j")["active"]
        lab.advance(10)
        status = lab.status("Job", "j")

        assert (2, 3, True) == (active, status["succeeded"], "active" not in status)
        assert DONE == conditions(lab)
        assert status["startTime"] < status["completionTime"]
        assert ["Succeeded"] * 3 == [pod["status"]["phase"] for pod in lab.all("Pod")]

    def test_pods_sleep_as_their_command_says(self, lab):
        """A Job of `sleep 60` takes a minute."""
        lab.create(job(command="sleep 60"))
        lab.advance(59)
        before = conditions(lab)
        lab.advance(5)

        assert ({}, DONE) == (before, conditions(lab))

    def test_an_image_that_does_nothing_never_ends(self, lab):
        """Unless it is given a command."""
        for name, command in (("idle", None), ("busy", ["true"])):
            wanted = job(name)
            wanted["spec"]["template"]["spec"]["containers"] = [
                {"name": "c", "image": "registry.example/pause:3.10", **({"command": command} if command else {})}
            ]
            lab.create(wanted)
        lab.advance(600)

        assert (1, {}) == (lab.status("Job", "idle")["ready"], conditions(lab, "idle"))
        assert DONE == conditions(lab, "busy")

    def test_each_index_succeeds_once(self, lab):
        """Also when a Pod that succeeded is deleted before the others are done."""
        lab.create(job(completions=4, parallelism=2, completionMode="Indexed"))
        lab.advance(2)
        done = lab.status("Job", "j")["completedIndexes"]
        lab.delete("Pod", lab.names()[0])
        lab.advance(10)
        status, pods = lab.status("Job", "j"), lab.all("Pod")

        assert ("0,1", "0-3", 4) == (done, status["completedIndexes"], status["succeeded"])
        assert ["j-1", "j-2", "j-3"] == sorted(pod["spec"]["hostname"] for pod in pods)
        assert {"JOB_COMPLETION_INDEX"} == {pod["spec"]["containers"][0]["env"][0]["name"] for pod in pods}

    def test_a_work_queue_ends_with_its_workers(self, lab):
        """Without completions no Pod follows once one succeeded."""
        spec = job(parallelism=3)
        lab.create(spec)
        lab.advance(10)

        assert (3, DONE) == (lab.status("Job", "j")["succeeded"], conditions(lab))

    def test_a_success_policy_is_enough(self, make_lab):
        """The Pods of the other indexes are taken away."""
        lab = make_lab(fate=lambda pod: None if "j-0" in pod["metadata"]["name"] else Fate.READY)
        policy = {"rules": [{"succeededIndexes": "0"}]}
        lab.create(job(completions=2, parallelism=2, completionMode="Indexed", successPolicy=policy))
        lab.advance(10)

        assert {"SuccessCriteriaMet": "SuccessPolicy", "Complete": "SuccessPolicy"} == conditions(lab)
        assert 1 == len(lab.names())

    def test_a_finished_job_lives_as_long_as_asked(self, lab):
        """Then it goes, and its Pods with it."""
        lab.create(job(ttlSecondsAfterFinished=30))
        lab.advance(25)
        before = len(lab.names())
        lab.advance(15)

        assert (1, None, []) == (before, lab.get("Job", "j"), lab.names())


class TestFailure:
    def test_failures_are_retried_later_and_later(self, lab):
        """After 10 and 20 seconds; beyond the limit the Job has failed."""
        lab.create(job(command="exit 3", backoffLimit=2))
        counts = []
        for _ in range(8):
            lab.advance(5)
            counts.append(lab.status("Job", "j").get("failed", 0))

        assert [1, 1, 2, 2, 2, 2, 3, 3] == counts
        assert given_up("BackoffLimitExceeded") == conditions(lab)

    def test_restarts_count_as_failures(self, lab):
        """Where containers are restarted in place."""
        lab.create(job(command="exit 1", restart="OnFailure", backoffLimit=2))
        lab.advance(60)

        assert given_up("BackoffLimitExceeded") == conditions(lab)

    def test_a_job_may_take_too_long(self, lab):
        """Its Pods are taken away, and count for nothing."""
        lab.create(job(command="sleep 1000", activeDeadlineSeconds=20))
        lab.advance(30)

        assert given_up("DeadlineExceeded") == conditions(lab)
        assert ([], True) == (lab.names(), "failed" not in lab.status("Job", "j"))

    @pytest.mark.parametrize(
        ("action", "ends", "failed"), [("FailJob", given_up("PodFailurePolicy"), 1), ("Ignore", {}, None)]
    )
    def test_a_policy_judges_exit_codes(self, lab, action, ends, failed):
        """It may give up at once, or ask for another try however often."""
        rule = {"action": action, "onExitCodes": {"operator": "In", "values": [42]}}
        lab.create(job(command="exit 42", backoffLimit=3, podFailurePolicy={"rules": [rule]}))
        lab.advance(3)

        assert (ends, failed) == (conditions(lab), lab.status("Job", "j").get("failed"))

    def test_an_index_may_fail_alone(self, make_lab):
        """The others go on; in the end the Job names which failed."""
        lab = make_lab(fate=lambda pod: Fate.CRASH if "j-1-" in pod["metadata"]["name"] else None)
        lab.create(job(completions=3, parallelism=3, completionMode="Indexed", backoffLimitPerIndex=0))
        lab.advance(10)
        status = lab.status("Job", "j")

        assert ("0,2", "1") == (status["completedIndexes"], status["failedIndexes"])
        assert given_up("FailedIndexes") == conditions(lab)

    def test_a_deleted_pod_is_replaced(self, lab):
        """And counts as failed."""
        lab.create(job(command="sleep 100"))
        lab.advance(2)
        (name,) = lab.names()
        lab.delete("Pod", name)
        lab.advance(2)

        assert 1 == lab.status("Job", "j")["failed"]
        assert [name] != lab.names()


class TestSuspension:
    def test_a_suspended_job_waits(self, lab):
        """When it is resumed it starts, and its clock with it."""
        lab.create(job(suspend=True))
        lab.advance(5)
        before, pods = conditions(lab), lab.names()
        lab.patch("Job", "j", {"spec": {"suspend": False}})
        lab.advance(5)

        assert ({"Suspended": "JobSuspended"}, []) == (before, pods)
        assert DONE == conditions(lab)

    def test_suspending_takes_pods_away(self, lab):
        """They are no failures."""
        lab.create(job(command="sleep 100", parallelism=2))
        lab.advance(5)
        lab.patch("Job", "j", {"spec": {"suspend": True}})
        lab.advance(5)

        assert ([], True) == (lab.names(), "failed" not in lab.status("Job", "j"))


def test_a_fate_can_be_chosen_for_a_job(lab):
    """The annotation of the template counts more than the command."""
    wanted = job()
    wanted["spec"]["template"]["metadata"] = {"annotations": {FATE_ANNOTATION: "never-ready"}}
    lab.create(wanted)
    lab.advance(30)

    assert (1, 0) == (lab.status("Job", "j")["active"], lab.status("Job", "j")["ready"])


def test_it_comes_to_rest(lab):
    """Finished, failed or running: nothing is written any more."""
    lab.create(job("good"))
    lab.create(job("bad", command="exit 1", backoffLimit=0))
    lab.create(job("long", command="sleep 100000"))
    lab.advance(30)

    assert lab.resting()


def test_indexes_are_listed_in_spans():
    """Two neighbours are no span."""
    assert "0-2,5,7,8" == spans([8, 0, 1, 2, 5, 7])
    assert "" == spans([])
