"""The command line: what it lists, how quickly, and how it fails."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from controller.cli import COMMANDS, levelset, missing

HEAVY = {"aiohttp", "kubernetes", "urllib3", "prometheus_client", "opentelemetry", "msgspec", "yaml", "rich", "asyncio"}


def call(*args, **env):
    """Run the command in this process; return (exit code, output)."""
    result = CliRunner(env=env).invoke(levelset, args, prog_name="levelset")
    return result.exit_code, result.output


def spawn(*args, **env):
    """Run it in a process of its own; return (exit code, output)."""
    process = subprocess.run(
        [sys.executable, "-m", "controller", *args],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **env},
    )
    return process.returncode, process.stdout + process.stderr


class TestHelp:
    def test_it_lists_every_command_with_a_line(self):
        """In the order of a newcomer's interest."""
        code, text = call("--help")

        assert 0 == code
        positions = [text.index(f"\n  {name} ") for name in COMMANDS]
        assert sorted(positions) == positions

    def test_it_imports_nothing_heavy(self):
        """So that it is quick; the commands are imported when called for."""
        code = (
            "import sys\nfrom controller.cli import levelset\n"
            "try:\n    levelset(['--help'])\nexcept SystemExit:\n    pass\n"
            "print('LOADED', *sorted({name.split('.')[0] for name in sys.modules}))"
        )
        text = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

        assert set() == HEAVY & set(text.rpartition("LOADED")[2].split())

    @pytest.mark.parametrize("name", COMMANDS)
    def test_the_line_is_the_commands_own(self, name):
        """It is written twice, for speed; the two agree."""
        target, line = COMMANDS[name]
        module, _, attribute = target.partition(":")
        command = getattr(importlib.import_module(module), attribute)

        assert line == command.help.strip().split("\n\n")[0].replace("\n", " ")

    def test_run_has_the_flags_that_kubebuilder_projects_use(self):
        """Manifests written for Go programs start ours."""
        _, text = call("run", "--help")

        for flag in (
            "--kubeconfig",
            "--metrics-bind-address",
            "--health-probe-bind-address",
            "--leader-elect",
            "--max-concurrent-reconciles",
            "--namespace",
            "--log-level",
            "--log-format",
        ):
            assert flag in text


class TestFailures:
    def test_no_kubeconfig_lists_the_places_looked_at(self):
        """One readable line, exit code 1, no traceback."""
        code, text = spawn("run", "controller.bundled:setup_named")

        assert 1 == code
        assert "--kubeconfig" in text
        assert "KUBECONFIG" in text
        assert "Traceback" not in text

    def test_debug_shows_the_traceback(self):
        """For whoever looks for the place."""
        code, text = spawn("run", "controller.bundled:setup_named", "--log-level", "debug")

        assert 1 == code
        assert "Traceback" in text

    @pytest.mark.parametrize(
        ("args", "text"),
        [
            (("run", "nobody"), "no controller is called 'nobody'; there is memcached"),
            (("run", "nowhere.at.all:setup"), "no module 'nowhere.at.all'"),
            (("run", "controller.bundled:nothing"), "has no function 'nothing'"),
            (("run", "memcached", "--graceful-shutdown-timeout", "soon"), "'soon' is no duration"),
            (("run", "memcached", "--leader-elect", "--leader-elect-lease-duration", "5s"), "must be greater than"),
            (("run",), "Missing argument"),
            (("dance",), "No such command 'dance'"),
        ],
    )
    def test_mistakes_are_told_in_a_line(self, args, text):
        """What is wrong, and what there is."""
        code, output = call(*args)

        assert code in (1, 2)
        assert text in " ".join(output.split())

    def test_a_missing_extra_is_told_with_its_command(self):
        """The demo needs more than a controller does."""
        error = missing("serve", ModuleNotFoundError("no cryptography", name="cryptography.x509"))

        assert "pip install 'levelset[testing]'" in error.message
        assert isinstance(missing("serve", ModuleNotFoundError(name="reconcilers")), ModuleNotFoundError)


class TestVersion:
    def test_it_says_what_is_installed(self):
        """Distribution and Python."""
        code, text = spawn("version")

        assert 0 == code
        assert text.startswith("levelset ")


class TestCompletion:
    @pytest.mark.parametrize(("shell", "words"), [("bash", "complete -o"), ("zsh", "compdef"), ("fish", "complete ")])
    def test_a_script_for_each_shell(self, shell, words):
        """What the shell reads at its start."""
        code, text = call("completion", shell)

        assert 0 == code
        assert words in text
        assert "_LEVELSET_COMPLETE" in text

    @pytest.mark.parametrize(
        ("typed", "expected"),
        [
            ("levelset do", {"doctor"}),
            ("levelset run mem", {"memcached"}),
            ("levelset doctor mem", {"memcached"}),
            ("levelset run --metrics-s", {"--metrics-secure"}),
            ("levelset run --log-format j", {"json"}),
        ],
    )
    def test_what_the_script_asks_is_answered(self, typed, expected):
        """Commands, controllers, flags and the values of flags."""
        asked = {"_LEVELSET_COMPLETE": "bash_complete", "COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split()) - 1)}
        command = Path(sys.executable).with_name("levelset")
        text = subprocess.check_output([command], text=True, env={"PATH": "/usr/bin:/bin", **asked})

        assert expected == {line.partition(",")[2] for line in text.splitlines()}
