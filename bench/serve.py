"""`python -m bench.serve FD`: the baseline behind the local stack's gateway, on the listening socket FD."""

from __future__ import annotations

import socket
import sys
import threading

from bench.yard import NAIVE
from local.child import ROOT
from local.function import Handler, load
from local.gateway import Gateway
from local.template import read_template
from local.web import Server

SERVED = {"/health", "/dispatch/qa-plan", "/approve/{id}"}


def naive(_: str) -> Handler:
    """Every route leads to the one function."""
    return load(NAIVE)


def main() -> None:
    routes = [route for route in read_template(ROOT / "template.yaml").routes if route.path in SERVED]
    Server(Gateway(routes, naive).answer, socket.socket(fileno=int(sys.argv[1]))).start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
