"""Signals through a pipe, in this process and in a real one."""

import os
import signal
import subprocess
import sys

from controller.signals import SignalPipe


def test_it_hears_the_process_signals():
    """By name, in order."""
    with SignalPipe() as signals:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)

        assert {"SIGTERM", "SIGINT"} == {signals.wait(), signals.wait()}


def test_waking_is_no_signal():
    """The end of the program's own life."""
    with SignalPipe() as signals:
        signals.wake()

        assert "" == signals.wait()


def test_the_handlers_come_back():
    """Whoever had them has them again."""
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    with SignalPipe():
        assert before[1] is not signal.getsignal(signal.SIGINT)

    assert before == (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT))


def test_waking_afterwards_does_nothing():
    """A late task cannot write into somebody else's file."""
    with SignalPipe() as signals:
        pass

    signals.wake()


def test_a_blocked_reader_is_woken_in_a_real_process():
    """The usual case: the main thread waits and a signal comes from outside."""
    code = (
        "from controller.signals import SignalPipe\n"
        "with SignalPipe() as signals:\n"
        "    print('ready', flush=True)\n"
        "    print(signals.wait(), flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert "ready\n" == process.stdout.readline()
        process.send_signal(signal.SIGTERM)

        assert "SIGTERM\n" == process.stdout.readline()
        assert 0 == process.wait(10)
