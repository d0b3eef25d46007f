"""`python -m cost`."""

from __future__ import annotations

from cost.cli import main

main()
