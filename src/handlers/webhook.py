"""POST /webhook/github: a label or a comment on GitHub, by somebody who may, asks for a QA plan.

The signature is checked before anything else is looked at. Whoever comments could send deliveries at
will, and so could who has seen one: nothing is written before a delivery is taken, which it is once.
"""

from core import phases
from core.app import App
from core.canonical import sha256
from core.errors import BadRequest, Conflict, NotFound, Unauthorized
from core.runs import deliveries, webhook
from core.runs.deliveries import Delivery
from core.runs.webhook import Ignored
from handlers.http import Endpoint, Reply, logger
from handlers.request import Request, is_id, read_json


def respond(app: App, request: Request) -> Reply:
    """202 once the delivery is on record and handed over; 200 when it asks for nothing."""
    if not app.settings.webhook:
        raise NotFound("the webhook is switched off: WEBHOOK=on lets GitHub in")
    if not webhook.is_signed(request.raw, request.headers.get("x-hub-signature-256"), app.webhook_secret()):
        raise Unauthorized("unauthorized")
    phases.require_task(app.settings, "qa_plan", "webhook")
    if request.headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded"):
        raise BadRequest("set the webhook's content type to application/json")
    kind = request.headers.get("x-github-event", "")
    if kind == "ping":
        return Reply({"status": "ok"})
    delivery = request.headers.get("x-github-delivery", "").lower()
    if not is_id(delivery):
        raise BadRequest("X-GitHub-Delivery is not a UUID")
    asked = webhook.judge(kind, read_json(request.raw), app.settings, app.team.rules, request.started)
    if isinstance(asked, Ignored):
        return _ignored(app, delivery, asked)
    taken = Delivery(delivery, sha256(request.raw), asked)
    if not deliveries.take(app, taken):
        if asked.by == "open":
            return Reply({"status": "ignored", "reason": "a plan was asked for when it was opened"})
        raise Conflict("this delivery was taken already; to have another plan, ask again")
    logger.info("delivery taken", extra={"delivery": delivery, "by": asked.by, "login": asked.login})
    deliveries.hand_over(app, taken, request.deadline)
    return Reply({"status": "accepted", "deliveryId": delivery})


def _ignored(app: App, delivery: str, ignored: Ignored) -> Reply:
    if ignored.stranger:
        app.measure("WebhookStrangers", 1)
        logger.info("asked by a stranger", extra={"delivery": delivery, "reason": ignored.reason})
    return Reply({"status": "ignored", "reason": ignored.reason})


handler = Endpoint(respond, right=None, signed=True)
