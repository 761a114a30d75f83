"""Signals: how the outside asks a program to stop.

Python runs signal handlers between two instructions of the main thread, where taking any lock may deadlock. So the
handler here does nothing; the interpreter writes a byte to a pipe, and the main thread does nothing but read it. All
real work happens on other tasks. Nothing else in the product handles signals.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from types import FrameType, TracebackType

__all__ = ["SignalPipe", "Signals"]

WOKEN = 0
"""No signal has this number."""


class Signals(Protocol):
    """Where `Manager.run` waits for someone to ask it to stop; a context manager."""

    def wait(self) -> str:
        """Block until the next request to stop, and return its name; or until `wake`, and return ""."""
        ...

    def wake(self) -> None:
        """Make `wait` return "", now or when it is next called. Any thread."""
        ...

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


class SignalPipe:
    """SIGTERM and SIGINT of this process, while it is entered; the handlers there were come back afterwards.

    Threads: the main thread enters, waits and leaves; any thread wakes.
    """

    WATCHED = (signal.SIGTERM, signal.SIGINT)

    def __init__(self) -> None:
        self._read = self._write = self._wakeup = -1
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        """Take over the signals.

        Raises:
            ValueError: This is not the main thread.
        """
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        try:
            self._wakeup = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        except ValueError:
            os.close(self._read)
            os.close(self._write)
            raise
        self._before = {number: signal.signal(number, _ignore) for number in self.WATCHED}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type] # what signal.signal itself returned
        signal.set_wakeup_fd(self._wakeup)
        read, write, self._read, self._write = self._read, self._write, -1, -1
        os.close(read)
        os.close(write)

    def wait(self) -> str:
        """See `Signals.wait`."""
        while True:
            number = os.read(self._read, 1)[0]
            if number == WOKEN:
                return ""
            if number in self.WATCHED:
                return signal.Signals(number).name

    def wake(self) -> None:
        """See `Signals.wake`; after leaving it does nothing."""
        if self._write >= 0:
            os.write(self._write, bytes([WOKEN]))


def _ignore(number: int, frame: FrameType | None) -> None:
    """Do nothing: the byte in the pipe is the message."""
