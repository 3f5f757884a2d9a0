"""The command line of the DFG Orchestrator: a client of its HTTP API, and nothing else."""
