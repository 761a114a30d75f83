"""Credentials that change while the process runs."""

import os
from datetime import timedelta

import pytest

from informers.api.config import ClusterConfig
from informers.api.credentials import Credential, Fetched, FromTokenFile, WatchedFile, bearer, open_credentials
from informers.api.errors import ConfigError
from informers.testing.virtual.sim import SimRuntime


@pytest.fixture
def runtime():
    """Virtual time."""
    return SimRuntime()


@pytest.fixture
def path(tmp_path):
    """A file with content."""
    (tmp_path / "file").write_bytes(b"first")
    return tmp_path / "file"


class TestWatchedFile:
    def test_a_change_is_seen_at_once(self, runtime, path):
        """The next read has it."""
        file = WatchedFile(str(path), runtime=runtime)
        before = file.read()
        path.write_bytes(b"second")

        assert (b"first", b"second") == (before, file.read())

    def test_a_change_that_looks_like_none_is_seen_within_a_minute(self, runtime, path):
        """Same size, same time, same inode: reading again now and then finds it."""
        file, stat = WatchedFile(str(path), runtime=runtime), os.stat(path)
        file.read()
        path.write_bytes(b"other")
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        runtime.advance(59)
        soon = file.read()
        runtime.advance(1)

        assert (b"first", b"other") == (soon, file.read())

    @pytest.mark.parametrize("spoil", [os.remove, lambda path: path.write_bytes(b" \n")])
    def test_the_last_good_content_stays(self, runtime, path, caplog, spoil):
        """A file that is gone or blank for a moment changes nothing, and is logged once."""
        file = WatchedFile(str(path), runtime=runtime)
        file.read()
        spoil(path)
        seen = [file.read() for _ in range(3)]
        path.write_bytes(b"back again")

        assert [b"first"] * 3 == seen
        assert 1 == len(caplog.records)
        assert b"back again" == file.read()

    def test_it_has_to_be_there_once(self, runtime, tmp_path):
        """The message names the file and what is wrong with it."""
        (tmp_path / "blank").write_bytes(b"\n")

        with pytest.raises(ConfigError, match=r"absent: No such file or directory"):
            WatchedFile(str(tmp_path / "absent"), runtime=runtime).read()
        with pytest.raises(ConfigError, match=r"blank: it is empty"):
            WatchedFile(str(tmp_path / "blank"), runtime=runtime).read()


class TestTokenFile:
    def test_white_space_does_not_count(self, runtime, path):
        """A token written by hand ends with a line's end."""
        path.write_bytes(b" tok\n")

        assert "Bearer tok" == FromTokenFile(str(path), runtime=runtime).current().authorization

    def test_garbage_does_not_replace_a_token(self, runtime, path):
        """What cannot be a token never reaches a header."""
        source = FromTokenFile(str(path), runtime=runtime)
        source.current()
        path.write_bytes(b"two\nlines")

        assert "Bearer first" == source.current().authorization

    def test_renewing_reads_again(self, runtime, path):
        """Only another token is worth another try."""
        source = FromTokenFile(str(path), runtime=runtime)
        rejected = source.current()
        same = source.renew(rejected)
        path.write_bytes(b"second")

        assert (False, True) == (same, source.renew(rejected))


class Plugin:
    """Fetches numbered credentials that last an hour, or fails."""

    def __init__(self, runtime):
        self.runtime, self.runs, self.broken = runtime, 0, False

    def __call__(self):
        """Fetch one."""
        self.runs += 1
        if self.broken:
            raise ConfigError("log in again")
        return Credential(f"Bearer {self.runs}", expires=self.runtime.wall() + timedelta(hours=1))


class TestFetched:
    def test_is_kept_until_shortly_before_it_ends(self, runtime):
        """One run an hour, and never an expired credential."""
        plugin = Plugin(runtime)
        source = Fetched(plugin, runtime=runtime)
        first = source.current()
        runtime.advance(3560)
        still = source.current()
        runtime.advance(15)

        assert first == still
        assert ("Bearer 2", 2) == (source.current().authorization, plugin.runs)

    def test_a_rejected_one_is_fetched_anew_once(self, runtime):
        """Of many threads that were rejected with the same one, the first fetches and the others find it done."""
        plugin = Plugin(runtime)
        source = Fetched(plugin, runtime=runtime)
        rejected = source.current()
        renewed = [source.renew(rejected) for _ in range(5)]

        assert ([True] * 5, 2) == (renewed, plugin.runs)

    def test_the_old_one_serves_while_fetching_fails(self, runtime):
        """As long as it lasts, and the plugin is not started for every request."""
        plugin = Plugin(runtime)
        source = Fetched(plugin, runtime=runtime)
        source.current()
        plugin.broken = True
        runtime.advance(3575)
        seen = {source.current().authorization for _ in range(10)}
        runtime.advance(30)

        assert ({"Bearer 1"}, 2) == (seen, plugin.runs)
        with pytest.raises(ConfigError, match="log in again"):
            source.current()

    def test_recovers(self, runtime):
        """When the plugin works again, so does everything."""
        plugin = Plugin(runtime)
        plugin.broken = True
        source = Fetched(plugin, runtime=runtime)
        with pytest.raises(ConfigError):
            source.current()
        plugin.broken = False
        runtime.advance(5)

        assert "Bearer 2" == source.current().authorization

    def test_others_wait_for_the_one_that_fetches(self, runtime):
        """A plugin that takes long runs once, not once for each thread."""
        runs = []

        def slow():
            runs.append(runtime.monotonic())
            runtime.sleep(3)
            return Credential("Bearer a")

        source, seen = Fetched(slow, runtime=runtime), []
        tasks = [runtime.spawn(f"caller {n}", lambda: seen.append(source.current().authorization)) for n in range(3)]
        for task in tasks:
            task.join()

        assert (["Bearer a"] * 3, [0.0]) == (seen, runs)


class TestOpening:
    @pytest.mark.parametrize(
        ("settings", "authorization"),
        [
            ({}, ""),
            ({"token": " tok\n"}, "Bearer tok"),
            ({"token": "tok", "token_file": "PATH"}, "Bearer first"),
            ({"token_file": "PATH", "fetch": lambda: Credential("Basic abc")}, "Basic abc"),
        ],
    )
    def test_what_comes_first(self, runtime, path, settings, authorization):
        """A plugin before a file before a token before nothing."""
        settings = {name: str(path) if value == "PATH" else value for name, value in settings.items()}
        config = ClusterConfig(server="https://a", **settings)

        assert authorization == open_credentials(config, runtime=runtime).current().authorization

    @pytest.mark.parametrize("token", ["", " ", "s3cret s3cret", "s3cret\nX: y", "s3crét"])
    def test_what_is_no_token_is_refused_without_repeating_it(self, token):
        """It would break the header, and must not reach a log."""
        with pytest.raises(ConfigError) as caught:
            bearer(token)
        assert "s3cr" not in str(caught.value)

    def test_secrets_are_not_in_a_repr(self):
        """Whatever is printed while debugging."""
        credential = Credential("Bearer s3cret", b"s3cret", b"s3cret")

        assert "s3cret" not in repr(credential)
