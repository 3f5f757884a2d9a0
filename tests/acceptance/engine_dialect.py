"""What the engine's CloudFormation does not know, said in words that it does.

It makes no routes from an HTTP API's OpenAPI body, and no alarms on metric arithmetic. Everything else of
the expanded template is deployed as it is.
"""

from __future__ import annotations

import re
from typing import Any

from tests.template.reading import Template


def for_the_engine(expanded: Template) -> Template:
    """The same template with its routes as resources, and without the alarms on arithmetic."""
    resources = {
        name: resource
        for name, resource in expanded["Resources"].items()
        if not (resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"])
    }
    body = resources["Api"]["Properties"].pop("Body")
    resources["Api"]["Properties"] |= {"Name": "api", "ProtocolType": "HTTP"}
    for path, methods in body["paths"].items():
        if "Fn::If" in methods:
            continue  # routes behind the JWT authorizer, which the engine does not have
        for method, operation in methods.items():
            integration = operation["x-amazon-apigateway-integration"]
            function = re.search(r"\$\{(\w+?)(?:\.Arn|Aliaslive)\}", integration["uri"]["Fn::Sub"])
            assert function is not None
            resources |= _route(function[1], f"{method.upper()} {path}", integration["payloadFormatVersion"])
    return {**expanded, "Resources": resources}


def _route(function: str, key: str, version: str) -> dict[str, Any]:
    api = {"Ref": "Api"}
    target = {"Fn::Sub": f"integrations/${{{function}Integration}}"}
    integration = {
        "ApiId": api,
        "IntegrationType": "AWS_PROXY",
        "IntegrationUri": {"Fn::GetAtt": [function, "Arn"]},
        "PayloadFormatVersion": version,
    }
    return {
        f"{function}Integration": {"Type": "AWS::ApiGatewayV2::Integration", "Properties": integration},
        f"{function}{re.sub(r'[^A-Za-z]', '', key)}Route": {
            "Type": "AWS::ApiGatewayV2::Route",
            "Properties": {"ApiId": api, "RouteKey": key, "Target": target},
        },
    }
