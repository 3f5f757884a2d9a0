"""Expands SAM templates as CloudFormation would: a JSON list of templates, each with parameters, in; expanded ones out.

Runs under the engine's virtual environment, which holds the SAM translator; ours cannot, for it pins
another pydantic.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from samtranslator.translator.transform import transform  # type: ignore[import-not-found, unused-ignore]


class ManagedPolicies:
    """Names of managed policies, which the translator would ask IAM for: none, so they stay as written."""

    def load(self) -> dict[str, str]:
        return {}


def expand(template: dict[str, Any], given: dict[str, str]) -> dict[str, Any]:
    # The translator takes only code that has been uploaded.
    template["Globals"]["Function"]["CodeUri"] = "s3://bucket/code.zip"
    values = {name: parameter.get("Default", "") for name, parameter in template["Parameters"].items()} | given
    expanded: dict[str, Any] = transform(template, values, ManagedPolicies(), passthrough_metadata=True)
    return expanded


if __name__ == "__main__":
    json.dump([expand(template, given) for template, given in json.load(sys.stdin)], sys.stdout)
