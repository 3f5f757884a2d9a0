"""The command line of the DFG Orchestrator: a client of its HTTP API, and nothing else."""

from __future__ import annotations

from typing import Final

__version__: Final = "0.2.0"
