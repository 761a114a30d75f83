"""Option dataclasses as flags."""

import json
from dataclasses import dataclass

import click
import pytest
from click.testing import CliRunner

from controller.commands.failures import readable_errors
from controller.commands.flags import Flagged, flags
from controller.commands.settings import read_settings
from controller.manageroptions import ManagerOptions
from controller.options import build, option, options_of
from informers.api.errors import ConfigError
from informers.runtime import Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Options of a test."""

    leader_election: bool = option(default=False, flag="--leader-elect")
    """Whether to elect."""
    address: str = ":8080"
    """Where to listen."""
    grace: Seconds = 30.0
    """How long to wait."""
    namespaces: tuple[str, ...] = option((), aliases=("--namespace", "-n"), env=("WATCH_NAMESPACE",))
    """Where to look."""
    workers: int = 1
    """How many."""
    level: str = option("info", choices=("info", "debug"))
    """How much to say."""


@click.command(cls=Flagged)
@flags(Options)
@click.pass_obj
def command(seen, **values):
    """Keep what was said."""
    seen.update({name: value for name, value in values.items() if value is not None})


def given(*args, **env):
    """Return what a command is given for these arguments, or what it complains about."""
    seen = {}
    result = CliRunner(env=env).invoke(command, args, obj=seen)
    return seen if result.exit_code == 0 else result.output


class TestFlags:
    @pytest.mark.parametrize(
        ("args", "values"),
        [
            ([], {}),
            (["--leader-elect"], {"leader_election": True}),
            (["--leader-elect=true"], {"leader_election": True}),
            (["--leader-elect=false"], {"leader_election": False}),
            (["--no-leader-elect"], {"leader_election": False}),
            (["--address=:9", "--workers", "4"], {"address": ":9", "workers": 4}),
            (["--grace", "1m"], {"grace": 60.0}),
            (["--namespaces", "a,b", "-n", "c"], {"namespaces": ("a", "b", "c")}),
            (["--level", "debug"], {"level": "debug"}),
        ],
    )
    def test_what_is_said_arrives(self, args, values):
        """As Go's programs and ours spell it; the rest is left to the defaults."""
        assert values == given(*args)

    @pytest.mark.parametrize(
        ("env", "values"),
        [
            ({"LEVELSET_LEADER_ELECTION": "true"}, {"leader_election": True}),
            ({"LEVELSET_GRACE": "2h"}, {"grace": 7200.0}),
            ({"WATCH_NAMESPACE": "a,b"}, {"namespaces": ("a", "b")}),
            ({"LEVELSET_NAMESPACES": "x", "WATCH_NAMESPACE": "y"}, {"namespaces": ("x",)}),
        ],
    )
    def test_the_environment_says_the_same(self, env, values):
        """Our own name wins over those of others."""
        assert values == given(**env)

    def test_a_flag_wins_over_the_environment(self):
        """What is typed last counts."""
        assert {"workers": 2} == given("--workers=2", LEVELSET_WORKERS="3")

    @pytest.mark.parametrize(
        ("args", "text"),
        [
            (["--grace", "soon"], "'soon' is no duration"),
            (["--level", "loud"], "'loud' is not one of info, debug"),
            (["--workers", "many"], "many"),
        ],
    )
    def test_nonsense_is_refused_by_name(self, args, text):
        """The message names flag and value."""
        output = given(*args)

        assert text in output
        assert args[0] in output

    def test_help_shows_text_and_default(self):
        """From the dataclass, nowhere else."""
        text = " ".join(CliRunner().invoke(command, ["--help"]).output.split())

        assert "--address TEXT Where to listen. [default: :8080]" in text
        assert "--grace DURATION How long to wait. [default: 30 s]" in text
        assert "-n, --namespaces, --namespace TEXT Where to look." in text
        assert "--leader-elect / --no-leader-elect Whether to elect." in text


class TestReadableErrors:
    @pytest.mark.parametrize(
        ("error", "text"),
        [
            (ConfigError("no kubeconfig:\n  looked at ~/.kube/config"), "no kubeconfig: looked at ~/.kube/config"),
            (
                ConfigError("Looked at:\n  a: missing\n  b: missing\nFix it."),
                "Looked at: a: missing; b: missing; Fix it.",
            ),
            (OSError(2, "No such file"), "[Errno 2] No such file"),
            (ZeroDivisionError("x"), "ZeroDivisionError: x (--log-level debug shows where)"),
        ],
    )
    def test_a_failure_is_one_line(self, error, text):
        """Whatever it is."""
        with pytest.raises(click.ClickException) as raised, readable_errors():
            raise error

        assert text == raised.value.message

    def test_debug_lets_it_through(self):
        """For the traceback."""
        with pytest.raises(ConfigError), readable_errors(debug=True):
            raise ConfigError("x")


class TestSources:
    """A flag goes over the environment, that over the file, and the file over the default."""

    @pytest.fixture
    def file(self, tmp_path):
        """Return a function that writes an options file and returns its path."""

        def write(text):
            path = tmp_path / "options.yaml"
            path.write_text(text)
            return str(path)

        return write

    def test_the_file_is_read_in_every_type(self, file):
        """Booleans, numbers, durations, lists, choices; by flag or by field; null sets nothing."""
        text = "leader-elect: true\nworkers: 4\ngrace: 1m30s\nnamespace: [a, b]\nlevel: debug\naddress:\n"

        assert {
            "leader_election": True,
            "workers": 4,
            "grace": 90.0,
            "namespaces": ("a", "b"),
            "level": "debug",
        } == given("--config", file(text))
        assert {"leader_election": False} == given(LEVELSET_CONFIG=file("leader_election: false"))

    def test_flags_go_over_the_environment_and_that_over_the_file(self, file):
        """Each of three values from the place nearest to the command."""
        path = file("workers: 1\naddress: file\ngrace: 1")
        found = given("--config", path, "--workers=3", LEVELSET_WORKERS="2", LEVELSET_ADDRESS="environment")

        assert {"workers": 3, "address": "environment", "grace": 1.0} == found

    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            ("leader-elct: true", "leader-elct is no option; did you mean leader-elect?"),
            ("sdfkjh: 1", "sdfkjh is no option; `levelset run --help` lists them"),
            ("workers: many", "options.yaml: workers: 'many' is no whole number"),
            ("leader-elect: maybe", "options.yaml: leader-elect: 'maybe' is neither true nor false"),
            ("grace: {a: 1}", "options.yaml: grace: {'a': 1} is a dict; write one plain value"),
            ("namespace: a\nnamespaces: b", "namespace and namespaces are the same option"),
            ("- a", "options.yaml holds a list"),
            ("a: [", "options.yaml is no YAML"),
        ],
    )
    def test_a_mistake_in_the_file_names_file_key_and_fix(self, file, text, complaint):
        """One readable line."""
        assert complaint in " ".join(given("--config", file(text)).split())

    def test_a_file_that_is_not_there(self):
        """With the option that named it."""
        assert "correct --config or LEVELSET_CONFIG" in given("--config", "/nonexistent/options.yaml")

    def test_a_mistake_in_the_environment_names_the_variable(self):
        """Nobody looks for it at the flag that they did not give."""
        assert "it is set by LEVELSET_GRACE" in " ".join(given(LEVELSET_GRACE="soon").split())
        assert "it is set by WATCH_NAMESPACE" not in str(given(WATCH_NAMESPACE="a"))


class TestControllers:
    """How controllers work is said as everything else is: by flag, environment and file."""

    @staticmethod
    @click.command(cls=Flagged)
    @flags(ManagerOptions)
    @click.pass_obj
    def program(seen, **values):
        """Keep the options."""
        seen.append(build(ManagerOptions, values))

    def options(self, *args, **env):
        """Return the options that a program has for these arguments."""
        seen = []
        CliRunner(env=env).invoke(self.program, args, obj=seen, catch_exceptions=False)
        return seen[0]

    def test_flag_environment_and_file_reach_a_controller(self, tmp_path):
        """Each of the three says another of its options, and one says the concurrency of one controller."""
        file = tmp_path / "options.yaml"
        file.write_text("drain: true\nconcurrency: [memcached=8]\n")
        options = self.options(f"--config={file}", "--no-recover-panics", LEVELSET_RECONCILE_TIMEOUT="1m")

        found = options.of_controller("memcached", {"stuck_after": 5.0})

        assert (True, False, 60.0, 8) == (
            found.drain,
            found.recover_panics,
            found.reconcile_timeout,
            found.max_concurrent_reconciles,
        )
        assert (5.0, True, 1) == (
            found.stuck_after,
            found.use_priority_queue,
            options.of_controller("other", {}).max_concurrent_reconciles,
        )

    @pytest.mark.parametrize("wrong", ["memcached", "memcached=", "=3", "memcached=0", "memcached=many"])
    def test_a_concurrency_that_is_none_is_refused(self, wrong):
        """With the way to write it."""
        with pytest.raises(ValueError, match=f"--concurrency={wrong}.*such as memcached=8"):
            ManagerOptions(concurrency=(wrong,))

    def test_no_controller_at_all_is_refused(self):
        """None at the same time would do nothing, for ever."""
        with pytest.raises(ValueError, match="--max-concurrent-reconciles=0"):
            self.options("--max-concurrent-reconciles=0")

    @pytest.mark.parametrize(
        "option", [each for each in options_of(ManagerOptions) if each.flag], ids=lambda option: option.name
    )
    def test_every_option_may_be_set_in_the_file(self, option, tmp_path):
        """Under the name of its field, to what it is by default; whatever it is."""
        file = tmp_path / "options.yaml"
        value = list(option.default) if option.many else option.default
        file.write_text(json.dumps({option.name: value}))

        assert {option.name: option.default} == read_settings(str(file), [option])
