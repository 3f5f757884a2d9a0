"""Runs a module as a child that ends when its parent does, however the parent ends.

    python leash.py MODULE [ARGUMENT…]

The parent holds the other end of standard input and never writes: end of file means that it is gone.
Standard library only: the engine's own virtual environment runs this file too.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading


def _end_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(5)
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    module = sys.argv[1]
    sys.argv = sys.argv[1:]
    sys.path[0] = os.getcwd()
    runpy.run_module(module, run_name="__main__", alter_sys=True)
