"""What a nested stack is made of: a template in S3, transformed, and its parameters' values."""

from __future__ import annotations

import importlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.engine.nested_stacks.cleanup import PACKAGE
from lab.engine.patching import replace_everywhere

if TYPE_CHECKING:
    from lab.engine.aws import Aws


@dataclass(frozen=True)
class Source:
    """A template, as it was sent and transformed, and what its parameters and conditions are."""

    body: str
    template: dict[str, Any]
    parameters: dict[str, dict[str, Any]]
    conditions: dict[str, bool]


def read(aws: Aws, properties: dict[str, Any], parent_name: str) -> Source:
    """Read and check the template of a nested stack as CreateStack does that of a root stack.

    Raises
    ------
    ValueError
        CloudFormation would not accept it, or not with the capabilities that its parent was given.
    """
    engine: Any = importlib.import_module(f"{PACKAGE}.engine")
    body = _body(properties["TemplateURL"])
    given = _parameters(properties.get("Parameters") or {})
    sent = engine._parse_template(body)
    template = engine._apply_transforms(sent, given)
    check = aws.provisioners._check_nested_stack_capabilities
    check(parent_name, {**template, "Transform": sent.get("Transform")})
    if unknown := sorted({p["Key"] for p in given} - set(template.get("Parameters", {}))):
        raise ValueError(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    parameters = engine._resolve_parameters(template, given)
    conditions = engine._evaluate_conditions(template, parameters)
    engine.validate_template_support(template, conditions, params=parameters)
    return Source(body, template, parameters, conditions)


def one_transform_at_a_time() -> None:
    """Keep transforms apart: each sets the Region in the environment, and now threads do them."""
    engine: Any = importlib.import_module(f"{PACKAGE}.engine")
    lock, transform = threading.Lock(), engine._apply_transforms

    def _apply_transforms(*args: Any, **options: Any) -> Any:
        with lock:
            return transform(*args, **options)

    replace_everywhere(PACKAGE, transform, _apply_transforms)


def _body(url: str) -> str:
    helpers: Any = importlib.import_module(f"{PACKAGE}.helpers")
    body, _refused = helpers._resolve_template({"TemplateURL": [url]})
    if not body:
        raise ValueError(f"The template of the nested stack cannot be read: {url}")
    return str(body)


def _parameters(given: dict[str, Any]) -> list[dict[str, str]]:
    """Return parameters as CreateStack takes them."""
    if any(isinstance(value, list | dict) for value in given.values()):
        raise ValueError(
            "Value of property Parameters must be an object with String (or simple type) properties"
        )

    def text(value: Any) -> str:
        return str(value).lower() if isinstance(value, bool) else str(value)

    return [{"Key": name, "Value": text(value)} for name, value in given.items()]
