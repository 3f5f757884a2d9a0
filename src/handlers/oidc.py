"""POST /oidc/dispatch/…, GET /oidc/audit/{runId}: the same work for workflows of GitHub Actions, without a secret.

API Gateway lets no request in whose JSON Web Token it has not verified, and hands its claims over beside the request.
No bearer token is taken here, and no JWT elsewhere.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from core.app import App
from core.callers import oidc
from core.callers.auth import Principal
from core.errors import Forbidden, NotFound, OutOfReach, Unauthorized
from handlers import audit_run, dispatch, qa_plan
from handlers.http import Endpoint, Endpoints, Reply, Respond, logger
from handlers.request import Request

RIGHTS: Final = frozenset({"dispatch", "read"})


class Keyless(Endpoint):
    """An endpoint whose caller is a workflow."""

    def identify(self, app: App, event: Mapping[str, Any], headers: Mapping[str, str]) -> Principal:
        """Raises Unauthorized where the gateway verified nothing, Forbidden where a claim does not fit."""
        rules, claims = app.settings.oidc, token_claims(event)
        if rules is None or not claims:
            raise Unauthorized("unauthorized")
        claim = oidc.misfit(rules, claims)
        if claim is not None:
            logger.info("a claim does not fit", extra={"claim": claim, "value": claims.get(claim, "")[:200]})
            raise Forbidden("forbidden")
        return Principal(oidc.principal(claims), RIGHTS)


def token_claims(event: Mapping[str, Any]) -> oidc.Claims:
    """What the gateway verified. None of it is the caller's to write."""
    authorizer = (event.get("requestContext") or {}).get("authorizer") or {}
    return {str(name): str(value) for name, value in ((authorizer.get("jwt") or {}).get("claims") or {}).items()}


def dispatching(respond: Respond, *, pull_request: bool) -> Keyless:
    """A dispatch. A pull request's token may ask for a plan of that one, and for nothing else."""

    def within(app: App, request: Request) -> Reply:
        own = oidc.pull_request(token_claims(request.event))
        if own is not None and not (pull_request and request.body.get("prNumber") == own):
            raise OutOfReach("forbidden")
        reply = respond(app, request)
        location = (reply.headers or {}).get("location")
        return replace(reply, headers={"location": f"/oidc{location}"}) if location else reply

    return Keyless(within, right="dispatch", command=True)


def own_run(app: App, request: Request) -> Reply:
    """A run that this workflow began; of others it does not learn that they are there."""
    reply = audit_run.respond(app, request)
    if reply.body["events"][0]["data"].get("principal") != request.principal.name:
        raise NotFound("no run has this id")
    return reply


handler = Endpoints(
    {
        **{
            route.replace(" ", " /oidc"): dispatching(endpoint.respond, pull_request=endpoint is qa_plan.handler)
            for route, endpoint in dispatch.handler.routes.items()
        },
        "GET /oidc/audit/{runId}": Keyless(own_run, right="read"),
    }
)
