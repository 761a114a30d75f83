"""The commands of `levelset`, one module each; `controller.cli` imports them when they are called for.

run       controllers against a cluster
serve     the embedded API server alone
version   what is installed
flags     how option dataclasses become flags
"""

from __future__ import annotations

__all__: list[str] = []
