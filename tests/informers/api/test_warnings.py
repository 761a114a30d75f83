"""What the server warns of: told each time, logged once, and never so often that the log drowns."""

import pytest

from informers.api.errors import BadRequest
from informers.api.transport import Call
from informers.api.warnings import ServerWarnings, warnings_in
from informers.observe import Observer
from informers.testing.virtual.sim import SimRuntime
from tests.informers.api.played import CONFIG_MAP, answer, config_map

CALL = Call("GET", "/api/v1/pods")


class Listening(Observer):
    """Notes what it hears."""

    def __init__(self):
        self.heard = []

    def warned(self, call, *, text):
        """Note it."""
        self.heard.append(text)


def warn(*texts):
    """Return headers with these warnings."""
    return {"warning": ", ".join(f'299 - "{text}"' for text in texts)}


def logged(caplog):
    """Return the warnings in the log."""
    return [record.fields["warning"] for record in caplog.records]


def test_reading():
    """Quotes are unescaped, commas belong to the text, and what comes twice counts once."""
    assert ['v1 "old", gone', "second"] == warnings_in(warn('v1 \\"old\\", gone', "second", "second"))
    assert [] == warnings_in({}) == warnings_in({"warning": "110 proxy stale"})


def test_told_each_time_and_logged_once(play, caplog):
    """Observers hear every warning; the log each distinct one."""
    listening = Listening()
    client, _, _ = play(*[answer(config_map(), **warn("old", "odd"))] * 2, observe=listening)
    for _ in range(2):
        client.get(CONFIG_MAP, "ns/a")

    assert ["old", "odd"] * 2 == listening.heard
    assert ["old", "odd"] == logged(caplog)


def test_views_share_what_was_logged(play, caplog):
    """They are one client."""
    client, _, _ = play(*[answer(config_map(), **warn("old"))] * 2)
    client.get(CONFIG_MAP, "ns/a")
    client.in_namespace("ns").get(CONFIG_MAP, "a")

    assert ["old"] == logged(caplog)


def test_a_refusal_may_warn_too(play, caplog):
    """The server names the unknown field in a warning of the 400."""
    client, _, _ = play(answer({"kind": "Status", "code": 400}, 400, **warn("unknown field")))

    with pytest.raises(BadRequest):
        client.create(config_map())
    assert ["unknown field"] == logged(caplog)


def test_the_log_does_not_drown(caplog):
    """A server whose warnings never repeat gets twenty lines, then one every six seconds that counts the others."""
    runtime, listening = SimRuntime(), Listening()
    warnings = ServerWarnings(listening, runtime=runtime)
    for number in range(50):
        warnings.heed(CALL, warn(f"warning {number}"))
    runtime.advance(6.0)
    warnings.heed(CALL, warn("warning 50"))

    assert 51 == len(listening.heard)
    assert 21 == len(caplog.records)
    assert 30 == caplog.records[-1].fields["left_out"]
