"""`python -m controller` is the command `levelset`."""

from __future__ import annotations

from controller.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
