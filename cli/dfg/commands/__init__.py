"""One file per command: `NAME`, and `run`, whose docstring is the help. `dfg.main` lists them."""
