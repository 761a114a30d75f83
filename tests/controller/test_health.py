"""Health checks and what their pages show."""

import pytest

from controller.health import Checks, NotReady
from controller.page import Page, Visit


def failing():
    """Raise something that holds a secret."""
    raise RuntimeError("cannot log in with hunter2")


def waiting():
    """Raise something that anyone may know."""
    raise NotReady("waiting for Memcached (cache.example.com/v1)")


@pytest.fixture
def checks():
    """Return checks with one that passes."""
    made = Checks("readyz")
    made.add("ping", lambda: None)
    return made


class TestAggregate:
    def test_all_well_is_a_bare_ok(self, checks):
        """What a kubelet reads."""
        assert Page.text("ok") == checks(Visit())

    def test_without_a_check_there_is_a_ping(self):
        """An endpoint without checks is healthy, and says by what."""
        assert b"[+]ping ok\nhealthz check passed\n" == Checks("healthz")(Visit(query=(("verbose", ""),))).body

    def test_a_failure_lists_everything_but_the_reason(self, checks):
        """Anyone may read the port, so the reason stays in the log."""
        checks.add("database", failing)

        page = checks(Visit())

        assert 500 == page.status
        assert b"[-]database failed: reason withheld\n[+]ping ok\nreadyz check failed\n" == page.body

    def test_a_reason_that_anyone_may_know_is_shown(self, checks):
        """The kind that blocks readiness is named."""
        checks.add("caches", waiting)

        assert b"[-]caches failed: waiting for Memcached (cache.example.com/v1)\n" in checks(Visit()).body

    def test_an_excluded_check_is_not_run(self, checks):
        """It counts as passed and says so."""
        checks.add("database", failing)

        page = checks(Visit(query=(("verbose", ""), ("exclude", "database"))))

        assert 200 == page.status
        assert b"[+]database excluded: ok\n[+]ping ok\nreadyz check passed\n" == page.body

    def test_excluding_a_stranger_warns(self, checks):
        """A typing error in a probe is visible."""
        page = checks(Visit(query=(("verbose", ""), ("exclude", "nobody"))))

        assert b'warn: some health checks cannot be excluded: no matches for "nobody"' in page.body


class TestIndividual:
    @pytest.mark.parametrize(
        ("name", "status", "body"),
        [
            ("ping", 200, b"ok"),
            ("database", 500, b"internal server error: reason withheld\n"),
            ("caches", 500, b"internal server error: waiting for Memcached (cache.example.com/v1)\n"),
            ("nobody", 404, b"404 page not found\n"),
        ],
    )
    def test_one_check_answers_alone(self, checks, name, status, body):
        """`/readyz/name` asks one check."""
        checks.add("database", failing)
        checks.add("caches", waiting)

        page = checks(Visit(tail=name))

        assert (status, body) == (page.status, page.body)


class TestAdding:
    @pytest.mark.parametrize("name", ["", "a/b", "ping"])
    def test_a_name_must_be_free_and_usable(self, checks, name):
        """Two checks of one name would hide each other."""
        with pytest.raises(ValueError, match="no usable name"):
            checks.add(name, lambda: None)

    def test_a_change_is_logged_once_with_its_reason(self, checks, caplog):
        """The log has what the page withholds, and not once a probe."""
        caplog.set_level("INFO")
        checks.add("database", failing)

        for _ in range(3):
            checks(Visit())

        reasons = [record.fields["reason"] for record in caplog.records if hasattr(record, "fields")]
        assert ["cannot log in with hunter2"] == reasons

    def test_failures_are_for_the_inside(self, checks):
        """Code of ours gets the exceptions themselves."""
        checks.add("caches", waiting)

        assert ["caches"] == list(checks.failures())
