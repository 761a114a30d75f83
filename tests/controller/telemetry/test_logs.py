"""Log lines: their form, their keys, and what never gets into them."""

import io
import json
import logging

import pytest

from controller.telemetry.logs import ConsoleFormatter, JsonFormatter, LogOptions, RepeatFilter, setup
from informers.api.objects import NamespacedName

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl"


def record(msg="reconciled", *args, level=logging.INFO, created=0.0, exc_info=None, **fields):
    """Make a record as a module of ours would."""
    made = logging.LogRecord("controller.loop", level, __file__, 1, msg, args, exc_info)
    made.created, made.fields = created, fields
    return made


def as_json(made):
    """Return the decoded JSON line of a record."""
    return json.loads(JsonFormatter().format(made))


def caught(error):
    """Return the exc_info of an error that was raised."""
    try:
        raise error
    except type(error) as raised:
        return type(raised), raised, raised.__traceback__


class TestJson:
    def test_the_keys_are_those_of_controller_runtime(self):
        """Pipelines built for Go controllers read ours."""
        line = as_json(record("done %d", 3, controller="memcached", reconcileID="x", created=1.5))

        assert {
            "ts": "1970-01-01T00:00:01.500Z",
            "level": "info",
            "msg": "done 3",
            "logger": "controller.loop",
            "controller": "memcached",
            "reconcileID": "x",
        } == line

    def test_it_is_one_line_whatever_is_in_it(self):
        """A newline in a message cannot forge a second entry."""
        text = JsonFormatter().format(record('a\n{"level":"error"}', note="b\nc"))

        assert "\n" not in text

    def test_an_exception_is_a_field(self):
        """Message and traceback travel in the same object."""
        line = as_json(record(exc_info=caught(ValueError("bad size"))))

        assert "bad size" == line["error"]
        assert "ValueError: bad size" in line["stacktrace"]

    def test_names_of_objects_read_as_kubectl_writes_them(self):
        """A key is not a list of two."""
        assert "default/cache" == as_json(record(key=NamespacedName("default", "cache")))["key"]

    def test_odd_values_do_not_break_the_line(self):
        """What cannot be told is named by its type."""

        class Odd:
            def __str__(self):
                raise RuntimeError

        assert "<Odd>" == as_json(record(what=Odd()))["what"]

    def test_a_field_cannot_replace_a_key_of_the_line(self):
        """The time stays the time."""
        assert "never" != as_json(record(ts="never"))["ts"]


class TestSecrets:
    @pytest.mark.parametrize(
        "text",
        [
            f"sending Authorization: Bearer {TOKEN}",
            f"got {TOKEN}",
            "connecting to https://admin:hunter2-hunter2@proxy.example.com:3128",
            "header bearer aGVsbG8taHVudGVyMi1odW50ZXIy",
        ],
    )
    def test_what_looks_like_a_credential_is_blotted_out(self, text):
        """Whoever logs it, it does not arrive."""
        line = JsonFormatter().format(record(text, detail={"again": [text]}))

        assert "hunter2" not in line
        assert TOKEN not in line
        assert "aGVsbG8" not in line

    @pytest.mark.parametrize("key", ["password", "bearerToken", "client-secret", "Authorization", "apiKey"])
    def test_values_under_telling_keys_are_hidden(self, key):
        """At any depth."""
        line = JsonFormatter().format(record(**{"request": {key: "plain-words"}, key: "plain-words"}))

        assert "plain-words" not in line

    def test_ordinary_words_stay(self):
        """The name of a Secret is none."""
        line = as_json(record("secret rotated", secretName="tls", Secret={"namespace": "a", "name": "tls"}))

        assert ("secret rotated", "tls", {"namespace": "a", "name": "tls"}) == (
            line["msg"],
            line["secretName"],
            line["Secret"],
        )

    def test_a_traceback_is_scrubbed_too(self):
        """An exception's text is nobody's friend."""
        error = caught(ValueError(f"401 for Bearer {TOKEN}"))

        assert TOKEN not in JsonFormatter().format(record(exc_info=error))
        assert TOKEN not in ConsoleFormatter().format(record(exc_info=error))


class TestConsole:
    def test_a_line_reads_from_left_to_right(self):
        """Time, level, message, then the fields."""
        line = ConsoleFormatter().format(record("reconciled", controller="memcached", took="3 ms", created=61.25))

        assert '00:01:01.250 INFO    reconciled  controller=memcached  took="3 ms"' == line

    def test_a_traceback_follows_below(self):
        """People read tracebacks as Python prints them."""
        lines = ConsoleFormatter().format(record(exc_info=caught(ValueError("x")))).splitlines()

        assert lines[0].endswith("error=x")
        assert "ValueError: x" == lines[-1]

    def test_colour_is_for_terminals(self):
        """Escape codes only when asked for."""
        assert "\x1b[" not in ConsoleFormatter().format(record())
        assert "\x1b[32mINFO" in ConsoleFormatter(colour=True).format(record())


class TestRepeats:
    def passed(self, filter_, moments, **kwargs):
        """Return the records that pass at these moments."""
        records = [record(created=moment, **kwargs) for moment in moments]
        return [made for made in records if filter_.filter(made)]

    def test_a_flood_is_thinned_out_and_counted(self):
        """The first of a window pass, then each third; lines that pass say how many did not."""
        shown = self.passed(RepeatFilter(burst=3, window=10), [0.0] * 11 + [11.0])

        assert [None, None, None, 2, 2, 2] == [made.fields.get("suppressed") for made in shown]

    def test_another_controller_is_another_kind(self):
        """One noisy controller does not silence its neighbour."""
        filter_ = RepeatFilter(burst=1, window=10)
        self.passed(filter_, [0.0] * 5, controller="a")

        assert 1 == len(self.passed(filter_, [0.0], controller="b"))

    def test_a_quiet_line_is_never_touched(self):
        """Slow repeats pass unmarked."""
        shown = self.passed(RepeatFilter(burst=1, window=10), [0.0, 20.0, 40.0])

        assert 3 == len(shown)
        assert all("suppressed" not in made.fields for made in shown)


class TestSetup:
    @pytest.fixture(autouse=True)
    def _restore(self):
        root = logging.getLogger()
        before, level = list(root.handlers), root.level
        yield
        root.handlers[:], root.level = before, level

    def test_without_a_terminal_it_is_json(self):
        """`auto` looks at the stream."""
        out = io.StringIO()
        setup(LogOptions(), stream=out)

        logging.getLogger("controller.x").info("hello", extra={"fields": {"a": 1}})

        assert ("hello", 1) == (json.loads(out.getvalue())["msg"], json.loads(out.getvalue())["a"])

    def test_setting_up_again_replaces(self):
        """No line is written twice."""
        out = io.StringIO()
        setup(LogOptions(), stream=out)
        setup(LogOptions(log_format="console"), stream=out)

        logging.getLogger("controller.x").info("hello")

        assert 1 == out.getvalue().count("hello")

    def test_foreign_loggers_stay_quiet_at_debug(self):
        """They print request and response bodies."""
        out = io.StringIO()
        setup(LogOptions(log_level="debug"), stream=out)

        logging.getLogger("kubernetes.client.rest").debug("response body: ...")
        logging.getLogger("urllib3.connectionpool").debug("GET /")

        assert "" == out.getvalue()
