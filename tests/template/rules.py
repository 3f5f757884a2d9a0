"""CloudFormation's Rules, evaluated as it would before it creates or updates anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

FUNCTIONS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "Fn::Equals": lambda values: bool(values[0] == values[1]),
    "Fn::Not": lambda values: not values[0],
    "Fn::And": all,
    "Fn::Or": any,
    "Fn::Contains": lambda values: values[1] in values[0],
}


def refusals(template: Mapping[str, Any], values: Mapping[str, str]) -> list[str]:
    """The names of the rules that refuse a deployment with these parameters, one entry per failed assertion."""
    return [
        name
        for name, rule in template["Rules"].items()
        if evaluate(rule.get("RuleCondition", True), values)
        for assertion in rule["Assertions"]
        if not evaluate(assertion["Assert"], values)
    ]


def evaluate(expression: Any, values: Mapping[str, str], conditions: Mapping[str, Any] | None = None) -> Any:
    """The value of a rule's or a condition's expression. Raises KeyError for a function that is not known here."""
    if isinstance(expression, list):
        return [evaluate(part, values, conditions) for part in expression]
    if not isinstance(expression, dict):
        return expression
    ((name, argument),) = expression.items()
    if name == "Ref":
        return values[argument]
    if name == "Condition":
        return evaluate((conditions or {})[argument], values, conditions)
    arguments = evaluate(argument, values, conditions)
    return FUNCTIONS[name](arguments)
