"""The version of this library, written down once: the packaging reads it here, too.

Asking the installed distribution for it takes 10 ms of every start.
"""

from __future__ import annotations

__all__ = ["VERSION"]

VERSION = "0.1.0"
