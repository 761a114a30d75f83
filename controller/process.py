"""The life of a program: start, wait for a signal or a failure, stop in order, and an exit code.

The main thread only waits for signals; a task starts and stops the manager. So a signal is heard at any time, also
while starting hangs, and the second one ends the program at once. The exit code is 0 only for a stop that was asked
for and in which everything ended in time.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from controller.signals import Signals
    from informers.runtime import Runtime, Seconds

__all__ = ["Program", "run"]

log = logging.getLogger("levelset.manager")

ECHO: Seconds = 0.1
"""A signal so soon after the first is the same one: supervisors send it to the process and to its group."""


class Program(Protocol):
    """What can be run; the manager."""

    @property
    def runtime(self) -> Runtime:
        """Where its tasks live."""
        ...

    def start(self) -> None:
        """Start everything."""
        ...

    def wait(self) -> BaseException | None:
        """Block until it was asked to stop or failed; return the failure."""
        ...

    def halt(self, error: BaseException | None = None) -> None:
        """Ask it to stop, because of `error` if there is one. Any thread, never blocks."""
        ...

    def stop(self) -> None:
        """Stop everything in order; afterwards `wait` returns at once, with the failure if there was one."""
        ...


def run(program: Program, signals: Signals) -> int:
    """Run until a signal or a failure; return the exit code.

    Blocks: until then, and until everything has stopped.
    """
    with signals:
        life = program.runtime.spawn("manager", partial(_live, program, signals))
        name = signals.wait()
        if name:
            log.info("stopping", extra={"fields": {"signal": name}})
            program.halt()
            if again := _again(signals, program.runtime):
                log.warning("stopping at once, without waiting for work in flight", extra={"fields": {"signal": again}})
                return 1
        life.join()
    error = program.wait() or life.error
    if error is not None:
        log.error("ended by an error", extra={"fields": {"error": f"{error}"}}, exc_info=_trace(error))
        return 1
    log.info("stopped")
    return 0


def _again(signals: Signals, runtime: Runtime) -> str:
    """Return the next signal that somebody sent on purpose; empty when the program ended before."""
    first = runtime.monotonic()
    while name := signals.wait():
        if runtime.monotonic() - first >= ECHO:
            break
    return name


def _live(program: Program, signals: Signals) -> None:
    try:
        try:
            program.start()
            program.wait()
        except Exception as error:  # noqa: BLE001 - whatever ends the program is told by `run`
            program.halt(error)
        finally:
            program.stop()
    except Exception as error:  # noqa: BLE001 - the same
        program.halt(error)
    finally:
        signals.wake()


def _trace(error: BaseException) -> BaseException | None:
    return error if log.isEnabledFor(logging.DEBUG) else None
