"""The naive baseline: the same service as tutorials build it, one function with everything imported at the top.

Powertools resolver and idempotency decorator, boto3 resource, one write per step. It works, and promises less:
no spending limit under concurrency, no protection from a second comment after a lost answer, no chain of hashes.
"""

from __future__ import annotations

import os
import re
import time
import uuid
from decimal import Decimal
from typing import Any

import anthropic
import boto3
import httpx
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError, UnauthorizedError
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError

from bench.naive.models import DispatchRequest, Plan

logger = Logger(service="naive")
metrics = Metrics(namespace="Naive", service="naive")
app = APIGatewayHttpResolver()

dynamodb = boto3.resource("dynamodb")
runs = dynamodb.Table(os.environ["RUNS_TABLE"])
actions = dynamodb.Table(os.environ["ACTIONS_TABLE"])
audit = dynamodb.Table(os.environ["AUDIT_TABLE"])
breaker = dynamodb.Table(os.environ["BREAKER_TABLE"])
idempotency = DynamoDBPersistenceLayer(table_name=os.environ["IDEMPOTENCY_TABLE"])
config = IdempotencyConfig(expires_after_seconds=24 * 3600)

claude = anthropic.Anthropic()
http = httpx.Client(timeout=8)

MODEL = "claude-sonnet-5-5"
REPOSITORY = os.environ["GITHUB_REPOSITORY"]
GITHUB = f"{os.environ['GITHUB_API_URL']}/repos/{REPOSITORY}"
GITHUB_HEADERS = {"authorization": f"Bearer {os.environ['GITHUB_TOKEN']}", "accept": "application/vnd.github+json"}
PROMPT = (
    "You are a senior tester. Write a QA plan for the pull request below: one item per acceptance criterion, with "
    "concrete steps, the expected result and edge cases. Answer with the given JSON schema."
)
DANGEROUS = re.compile(r"^\s*/(assign|merge|close|reopen|approve|label)\b", re.MULTILINE)
DOLLARS_PER_TOKEN = {"input": Decimal("0.000002"), "output": Decimal("0.00001")}


def authenticate() -> None:
    header = app.current_event.headers.get("authorization", "")
    if header != f"Bearer {os.environ['ORCHESTRATOR_SECRET']}":
        raise UnauthorizedError("unauthorized")


def record(run_id: str, event: str, **data: Any) -> None:
    """One audit event."""
    audit.put_item(
        Item={"id": f"{run_id}#{time.time_ns()}", "run": run_id, "event": event, "at": int(time.time()), **data}
    )


def get(path: str, **params: Any) -> Any:
    answer = http.get(f"{GITHUB}{path}", headers=GITHUB_HEADERS, params=params)
    if answer.status_code == 404:
        raise NotFoundError("no such pull request or issue")
    answer.raise_for_status()
    return answer.json()


def build_prompt(request: DispatchRequest) -> tuple[str, str]:
    pull = get(f"/pulls/{request.pr_number}")
    files = get(f"/pulls/{request.pr_number}/files", per_page=100)
    issue = get(f"/issues/{request.linked_issue}") if request.linked_issue else None
    parts = [f"# {pull['title']}\n\n{pull['body']}"]
    if issue:
        parts.append(f"## Issue {issue['number']}: {issue['title']}\n\n{issue['body']}")
    parts += [f"## {file['filename']} ({file['status']})\n\n{file.get('patch', '')}" for file in files]
    return "\n\n".join(parts), pull["head"]["sha"]


def render(plan: Plan) -> str:
    lines = ["## 🤖 QA Test Plan", ""]
    for item in plan.test_plan:
        lines += [f"### {item.ac_id}: {item.ac_text}", ""]
        for number, step in enumerate(item.steps, 1):
            lines += [f"{number}. {step.do} {step.code or ''}", f"   Expected: {step.expect or ''}"]
        lines += [f"- {case}" for case in item.edge_cases]
    lines += ["", "### General checks", "", *(f"- {check}" for check in plan.general_checks)]
    return "\n".join(lines)


def post_comment(issue: int, body: str) -> None:
    answer = http.post(
        f"{os.environ['DFG_RELAY_URL']}/comment",
        headers={"authorization": f"Bearer {os.environ['DFG_RELAY_TOKEN']}"},
        json={"issue": issue, "body": body, "repo": REPOSITORY},
    )
    answer.raise_for_status()


@idempotent_function(data_keyword_argument="request", persistence_store=idempotency, config=config)
def draft_plan(request: dict[str, Any]) -> dict[str, Any]:
    body = DispatchRequest(**request)
    run_id = str(uuid.uuid4())
    row = breaker.get_item(Key={"id": "global"}, ConsistentRead=True).get("Item", {})
    if row.get("open"):
        return {"status": "skipped", "reason": "circuit_open", "runId": run_id}
    runs.put_item(Item={"id": run_id, "status": "started", "pull": body.pr_number, "at": int(time.time())})
    record(run_id, "run.started", pull=body.pr_number)

    prompt, sha = build_prompt(body)
    runs.update_item(
        Key={"id": run_id},
        UpdateExpression="SET prompt = :p, sha = :s",
        ExpressionAttributeValues={":p": prompt, ":s": sha},
    )
    record(run_id, "prompt.stored", characters=len(prompt))

    answer = claude.messages.create(
        model=MODEL,
        max_tokens=8000,
        system=PROMPT,
        messages=[{"role": "user", "content": prompt}],
        thinking={"type": "adaptive"},
        output_config={
            "effort": "low",
            "format": {"type": "json_schema", "schema": anthropic.transform_schema(Plan)},
        },
    )
    text = "".join(block.text for block in answer.content if block.type == "text")
    cost = (
        answer.usage.input_tokens * DOLLARS_PER_TOKEN["input"]
        + answer.usage.output_tokens * DOLLARS_PER_TOKEN["output"]
    )
    runs.update_item(
        Key={"id": run_id},
        UpdateExpression="SET answer = :a",
        ExpressionAttributeValues={":a": text},
    )
    breaker.update_item(
        Key={"id": "global"},
        UpdateExpression="ADD tasks :one, cost :cost",
        ExpressionAttributeValues={":one": 1, ":cost": cost},
    )
    record(run_id, "generation.answered", tokens=answer.usage.output_tokens)
    record(run_id, "cost.charged", cost=cost)

    comment = render(Plan.model_validate_json(text))
    verdict = "rejected" if DANGEROUS.search(comment) else "auto_safe"
    record(run_id, "policy.judged", classification=verdict)
    if verdict == "rejected":
        return {"status": "rejected", "runId": run_id}
    action_id = str(uuid.uuid4())
    actions.put_item(Item={"id": action_id, "run": run_id, "state": "pending", "pull": body.pr_number, "body": comment})
    record(run_id, "action.intended", action=action_id)
    post_comment(body.pr_number, comment)
    finish_action(action_id, "executed")
    record(run_id, "action.executed", action=action_id)
    runs.update_item(
        Key={"id": run_id},
        UpdateExpression="SET #s = :s, cost = :c",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":s": "success", ":c": cost},
    )
    record(run_id, "run.finished", status="success")
    metrics.add_metric(name="Dispatches", unit=MetricUnit.Count, value=1)
    return {"status": "success", "runId": run_id, "actionId": action_id, "executed": True, "cost": str(cost)}


def finish_action(action_id: str, state: str) -> None:
    actions.update_item(
        Key={"id": action_id},
        UpdateExpression="SET #s = :s",
        ExpressionAttributeNames={"#s": "state"},
        ExpressionAttributeValues={":s": state},
    )


@app.get("/health")
def health() -> dict[str, Any]:
    row = breaker.get_item(Key={"id": "global"}, ConsistentRead=True).get("Item", {})
    return {
        "status": "ok",
        "circuitBreaker": {
            "isOpen": bool(row.get("open")),
            "totalTasks": int(row.get("tasks", 0)),
            "totalCostUsd": str(row.get("cost", 0)),
        },
    }


@app.post("/dispatch/qa-plan")
def dispatch() -> dict[str, Any]:
    authenticate()
    request: dict[str, Any] = draft_plan(request=app.current_event.json_body)
    return request


@app.post("/approve/<action_id>")
def approve(action_id: str) -> dict[str, Any] | Response[str]:
    authenticate()
    action = actions.get_item(Key={"id": action_id}, ConsistentRead=True).get("Item")
    if action is None:
        raise NotFoundError("no such action")
    try:
        actions.update_item(
            Key={"id": action_id},
            UpdateExpression="SET #s = :executing",
            ConditionExpression="#s = :pending",
            ExpressionAttributeNames={"#s": "state"},
            ExpressionAttributeValues={":executing": "executing", ":pending": "pending"},
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return Response(status_code=409, content_type="application/json", body='{"status": "error"}')
    record(str(action["run"]), "action.approved", action=action_id)
    post_comment(int(action["pull"]), str(action["body"]))
    finish_action(action_id, "executed")
    record(str(action["run"]), "action.executed", action=action_id)
    return {"status": "executed", "actionId": action_id}


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return app.resolve(event, context)
