"""Corrections to moto's Step Functions interpreter, where it differs from AWS.

moto 5.2.5 carries the interpreter of LocalStack. These are assignments on that exact version; each
says what AWS does. Used by the lab's engine and, without it, by the integration tests.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import sys
import uuid
from datetime import date, datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

_BOTO_NAMES = {
    "sfn": "stepfunctions",
    "states": "stepfunctions",
    "eventbridge": "events",
    "cloudwatchlogs": "logs",
}
_BOUND = re.compile(r"/\*([0-9a-f]{64})\*/")
_MOST_BINDINGS = 20_000


@cache
def apply() -> None:
    """Correct the interpreter, once for each process."""
    _one_preprocessor_state_for_each_parse()
    _parse_once()
    _stopped_branches_end()
    _jsonata_functions()
    _parameter_names()
    _no_choice_matched()


def _interpreter_modules() -> Iterator[ModuleType]:
    for name, module in list(sys.modules.items()):
        if name.startswith("moto.stepfunctions"):
            yield module


def _rebind(name: str, old: Any, new: Any) -> None:
    """Replace a function wherever a module imported it by name."""
    for module in _interpreter_modules():
        if getattr(module, name, None) is old:
            setattr(module, name, new)


def _one_preprocessor_state_for_each_parse() -> None:
    """Give each parser its own scopes: on the class, where they were, a failed parse spoils all."""
    from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor

    original = Preprocessor.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        self._query_language_per_scope = []
        original(self, *args, **kwargs)

    Preprocessor.__init__ = init


def _parse_once() -> None:
    """Parse each definition once: it takes about a second, and what it returns keeps no state."""
    from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

    AmazonStateLanguageParser.parse = staticmethod(
        lru_cache(maxsize=64)(AmazonStateLanguageParser.parse)
    )


def _stopped_branches_end() -> None:
    """End also a branch that is stopped before it starts, or its Parallel waits for ever."""
    from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.branch_worker import (
        BranchWorker,
    )

    def routine(self: Any) -> None:
        try:
            if self.env.is_running():
                self._program.eval(self.env)
        except RuntimeError:
            if self.env.is_running():
                raise
        finally:
            self._branch_worker_comm.on_terminated(env=self.env)

    BranchWorker._thread_routine = routine


def _jsonata_functions() -> None:
    """Add AWS's $uuid, $hash, $parse, $partition, $range and $random; moto's are stubs."""
    import jsonata
    from moto.stepfunctions.parser.asl.component.intrinsic import jsonata as intrinsic
    from moto.stepfunctions.parser.asl.jsonata import jsonata as engine

    intrinsic._DECLARATION_BY_VARIABLE_REFERENCE.clear()
    engine._ILLEGAL_VARIABLE_REFERENCES = set()
    bindings_of: dict[str, dict[str, Any]] = {}
    extract, encode = (
        engine.extract_jsonata_variable_references,
        engine.encode_jsonata_variable_declarations,
    )

    def evaluate(expression: str) -> Any:
        """Evaluate with the variables bound; spelled out, parsing them took most of the time."""
        bound: dict[str, Any] = {}
        for token in _BOUND.findall(expression):
            bound |= bindings_of[token]
        try:
            program = jsonata.Jsonata(_BOUND.sub("", expression))
            for name, function in _AWS_JSONATA.items():
                program.register_lambda(name, function)
            return json.loads(json.dumps(program.evaluate(None, bound), default=lambda _: None))
        except Exception as error:
            raise engine.JSONataException("UNKNOWN", str(error)) from error

    def without_context(expression: str) -> set[str]:
        """`$` and `$$` are the context, not variables, and AWS allows them."""
        return {name for name in extract(expression) if name not in ("$", "$$")}

    def declarations(bindings: dict[str, Any]) -> str:
        """Leave a comment in the expression, by which `evaluate` finds the values again."""
        plain = json.dumps(bindings, default=_as_text)
        token = hashlib.sha256(plain.encode()).hexdigest()
        values = {k.removeprefix("$"): _with_nulls(v) for k, v in json.loads(plain).items()}
        bindings_of[token] = values
        while len(bindings_of) > _MOST_BINDINGS:
            bindings_of.pop(next(iter(bindings_of)), None)
        return f"/*{token}*/"

    engine._eval_jsonata = evaluate
    _rebind("extract_jsonata_variable_references", extract, without_context)
    _rebind("encode_jsonata_variable_declarations", encode, declarations)


def _with_nulls(value: Any) -> Any:
    """Spell null as jsonata-python does, to which None means undefined."""
    from jsonata.utils import Utils

    if isinstance(value, dict):
        return {k: _with_nulls(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_with_nulls(v) for v in value]
    return Utils.NULL_VALUE if value is None else value


def _as_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime | date) else str(value)


def _hash(text: Any, algorithm: str) -> str:
    data = (text if isinstance(text, str) else json.dumps(text)).encode()
    return hashlib.new(algorithm.replace("-", "").lower(), data).hexdigest()


_AWS_JSONATA: dict[str, Callable[..., Any]] = {
    "uuid": lambda: str(uuid.uuid4()),
    "parse": lambda text: json.loads(text),
    "hash": _hash,
    "random": lambda seed=None: random.Random(seed).random(),
    "partition": lambda items, size: [
        items[i : i + int(size)] for i in range(0, len(items), int(size))
    ],
    "range": lambda start, end, step: list(
        range(int(start), int(end) + (1 if step > 0 else -1), int(step))
    ),
}


def _parameter_names() -> None:
    """Take and return the Java SDK's spelling, as AWS does: Ttl where botocore has TTL."""
    import botocore.session
    from botocore import xform_name
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
        state_task_service,
    )

    session = botocore.session.get_session()
    model = cache(session.get_service_model)

    def operation(task: Any, service: str | None, action: str | None) -> Any:
        name = task._get_boto_service_name(service)
        wanted = task._get_boto_service_action(action)
        found = model(_BOTO_NAMES.get(name, name))
        names = (o for o in found.operation_names if xform_name(o) == wanted)
        return next((found.operation_model(o) for o in names), None)

    def incoming(
        self: Any,
        parameters: dict[str, Any],
        boto_service_name: str | None = None,
        service_action_name: str | None = None,
    ) -> None:
        found = operation(self, boto_service_name, service_action_name)
        if found and found.input_shape:
            spelled = _spell(found.input_shape, parameters, outgoing=False)
            parameters.clear()
            parameters.update(spelled)

    def outgoing(
        self: Any,
        response: Any,
        boto_service_name: str | None = None,
        service_action_name: str | None = None,
    ) -> None:
        found = operation(self, boto_service_name, service_action_name)
        if found and found.output_shape and isinstance(response, dict):
            spelled = _spell(found.output_shape, response, outgoing=True)
            response.clear()
            response.update(spelled)

    state_task_service.StateTaskService._normalise_parameters = incoming
    state_task_service.StateTaskService._normalise_response = outgoing


def _spell(shape: Any, value: Any, *, outgoing: bool) -> Any:
    """Rename the members of a value after its botocore shape; outgoing, make it plain JSON too."""
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        members = {m.lower(): m for m in shape.members}
        spelled = {}
        for key, part in value.items():
            member = members.get(key.lower())
            name = key if member is None else _java(member) if outgoing else member
            spelled[name] = (
                part if member is None else _spell(shape.members[member], part, outgoing=outgoing)
            )
        return spelled
    if kind == "list" and isinstance(value, list):
        return [_spell(shape.member, part, outgoing=outgoing) for part in value]
    if kind == "map" and isinstance(value, dict):
        return {k: _spell(shape.value, part, outgoing=outgoing) for k, part in value.items()}
    return _leaf_out(value) if outgoing else _leaf_in(kind, value)


def _leaf_in(kind: str, value: Any) -> Any:
    if kind == "blob" and not isinstance(value, bytes | bytearray):
        text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        return text.encode()
    return value


def _leaf_out(value: Any) -> Any:
    if hasattr(value, "read"):
        value = value.read()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value.isoformat() if isinstance(value, datetime | date) else value


def _java(member: str) -> str:
    """Spell a botocore member as the Java SDK does: TTL is Ttl, roleArn is RoleArn."""
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", lambda m: m.group(1).capitalize() + m.group(2), member)
    name = re.sub(r"([A-Z]{2,})$", lambda m: m.group(1).capitalize(), name)
    return name[0].upper() + name[1:]


def _no_choice_matched() -> None:
    """Fail a Choice without a match with States.NoChoiceMatched, not with a crash."""
    from moto.stepfunctions.parser.api import ExecutionFailedEventDetails, HistoryEventType
    from moto.stepfunctions.parser.asl.component.common.error_name import failure_event
    from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
        StatesErrorName,
    )
    from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
        StatesErrorNameType,
    )
    from moto.stepfunctions.parser.asl.component.state.choice.state_choice import StateChoice
    from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

    original = StateChoice._eval_state

    def choose(self: Any, env: Any) -> None:
        try:
            original(self, env)
        except RuntimeError as error:
            if "No branching option" not in str(error):
                raise
            details = ExecutionFailedEventDetails(
                error="States.NoChoiceMatched", cause=f"No choice of {self.name!r} matched."
            )
            raise failure_event.FailureEventException(
                failure_event.FailureEvent(
                    env=env,
                    error_name=StatesErrorName(typ=StatesErrorNameType.StatesNoChoiceMatched),
                    event_type=HistoryEventType.ExecutionFailed,
                    event_details=EventDetails(executionFailedEventDetails=details),
                )
            ) from error

    StateChoice._eval_state = choose
