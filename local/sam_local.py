"""`sam local invoke` of a built function, against the local stack: needs Docker and `make build`.

    python -m local.sam_local DispatchFunction events/qa_plan.json

The SAM CLI passes on only variables that a template names, and containers do not reach the loopback
interface. So the stack is started, its ports are opened to containers, and the function is described to
`sam` anew: the built code, the handler and limits of template.yaml, and the stack's variables.
"""

from __future__ import annotations

import ipaddress
import json
import os
import platform
import re
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from local.child import ROOT
from local.engine import CREDENTIALS, REGION
from local.stack import Stack, clean_environment
from local.template import read_template
from local.web import HOST

RUNTIME: Final = "python3.13"
PROCESSOR: Final = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
TOKEN: Final = "sample-captain-token"  # noqa: S105 - the one in events/
LOOPBACK: Final = re.compile(r"http://127\.0\.0\.1:(\d+)")
NOT_FOR_FUNCTIONS: Final = frozenset({"PATH", "HOME", "LANG", "TMPDIR", "AWS_SESSION_TOKEN"})


@contextmanager
def stack_for_containers() -> Iterator[Mapping[str, str]]:
    """The local stack with the sample pull request, reachable from containers; its variables as they read there."""
    host = docker_host()
    with Stack(clean_environment({"ORCHESTRATOR_SECRET": TOKEN})) as stack, ExitStack() as until:
        stack.repository.load(json.loads((ROOT / "local" / "sample" / "pull_request.json").read_text()))
        ports = {int(port) for value in stack.environment.values() for port in LOOPBACK.findall(value)}
        for port in sorted(ports):
            forward = until.enter_context(_Forward((host, port), _Connection))
            threading.Thread(target=forward.serve_forever, args=(0.05,), daemon=True).start()
            until.callback(forward.shutdown)
        yield for_container(stack.environment, host)


def invoke(function: str, event: Path, built: Path, variables: Mapping[str, str]) -> int:
    """`sam local invoke` of one built function; sam's own exit code."""
    if not (built / function).is_dir():
        raise SystemExit(f"{built / function} is missing: run `make build` first")
    template = ROOT / ".local" / "sam-local.json"
    template.parent.mkdir(exist_ok=True)
    template.write_text(json.dumps(describe(function, built, variables)))
    command = [str(ROOT / ".venv-sam" / "bin" / "sam"), "local", "invoke", function]
    command += ["--template", str(template), "--event", str(event)]
    if has_image():
        command.append("--skip-pull-image")
    return subprocess.run(command, env=sam_environment(), check=False).returncode  # noqa: S603 - the SAM CLI


def docker_host() -> str:
    """The address under which containers reach this machine. Raises SystemExit where Docker does not run."""
    ask = ["docker", "network", "inspect", "bridge", "--format", "{{json (index .IPAM.Config 0)}}"]
    try:
        answer = subprocess.run(ask, capture_output=True, text=True, check=False)  # noqa: S603 - a fixed command
    except FileNotFoundError:
        raise SystemExit("there is no docker command here") from None
    if answer.returncode != 0:
        raise SystemExit(f"Docker does not run here: {answer.stderr.strip()}")
    bridge: dict[str, str] = json.loads(answer.stdout)
    # Older engines name the gateway only when it was chosen; otherwise it is the network's first address.
    return bridge.get("Gateway") or str(ipaddress.ip_network(bridge["Subnet"])[1])


def has_image() -> bool:
    """Whether the runtime's image is here already; otherwise `sam` pulls it."""
    ask = ["docker", "image", "inspect", f"public.ecr.aws/lambda/python:{RUNTIME.removeprefix('python')}-{PROCESSOR}"]
    return subprocess.run(ask, capture_output=True, check=False).returncode == 0  # noqa: S603 - a fixed command


def for_container(environment: Mapping[str, str], host: str) -> dict[str, str]:
    """The stack's variables, as they read from inside a container."""
    return {
        name: LOOPBACK.sub(rf"http://{host}:\1", value)
        for name, value in environment.items()
        if name not in NOT_FOR_FUNCTIONS
    }


def describe(function: str, built: Path, variables: Mapping[str, str]) -> dict[str, Any]:
    """A template with this function alone."""
    original = read_template(ROOT / "template.yaml").functions[function]
    properties = {
        "Handler": original.handler,
        "Runtime": RUNTIME,
        "CodeUri": str(built / function),
        "Timeout": original.timeout_seconds,
        "MemorySize": original.memory_mb,
        "Architectures": [PROCESSOR],
        "Environment": {"Variables": dict(variables)},
    }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {function: {"Type": "AWS::Serverless::Function", "Properties": properties}},
    }


def sam_environment() -> dict[str, str]:
    """No account is asked for anything."""
    own = {"SAM_CLI_TELEMETRY": "0", "AWS_EC2_METADATA_DISABLED": "true", "AWS_DEFAULT_REGION": REGION}
    return {**os.environ, **CREDENTIALS, **own}


class _Forward(socketserver.ThreadingTCPServer):
    """Lets containers reach a port of the loopback interface: the same port on another address of this machine."""

    server_address: tuple[str, int]
    daemon_threads = True
    allow_reuse_address = True


class _Connection(socketserver.BaseRequestHandler):
    server: _Forward

    def handle(self) -> None:
        with socket.create_connection((HOST, self.server.server_address[1])) as inner:
            back = threading.Thread(target=_copy, args=(inner, self.request), daemon=True)
            back.start()
            _copy(self.request, inner)
            back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while chunk := source.recv(65536):
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        target.close()  # one side has gone: so does the other


if __name__ == "__main__":
    with stack_for_containers() as environment:
        code = invoke(sys.argv[1], Path(sys.argv[2]), ROOT / ".aws-sam" / "build", environment)
    sys.exit(code)
