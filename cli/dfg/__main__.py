"""`python -m dfg`."""

from __future__ import annotations

from dfg.main import main

main()
