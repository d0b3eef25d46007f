"""Corrections to moto's Step Functions interpreter, where it differs from AWS.

moto 5.2.5 carries the interpreter of LocalStack. These are assignments on that exact version; each
says what AWS does. Used by the lab's engine and, without it, by the integration tests.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

from lab.engine.patching import wrap
from lab.engine.step_functions import jsonata_functions, spelling


@cache
def apply() -> None:
    """Correct the interpreter, once for each process."""
    _one_preprocessor_state_for_each_parse()
    _parse_once()
    _stopped_branches_end()
    _what_is_over_stays_over()
    _who_waits_for_a_token_hears_the_end()
    _errors_of_branches_keep_their_names()
    jsonata_functions.install()
    spelling.install()
    _no_choice_matched()


def _one_preprocessor_state_for_each_parse() -> None:
    """Give each parser its own scopes: on the class, where they were, a failed parse spoils all."""
    from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor

    @wrap(Preprocessor, "__init__")
    def init(original: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        self._query_language_per_scope = []
        original(self, *args, **kwargs)


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

    @wrap(BranchWorker, "_thread_routine")
    def routine(_: Any, self: Any) -> None:
        try:
            if self.env.is_running():
                self._program.eval(self.env)
        except RuntimeError:
            if self.env.is_running():
                raise
        finally:
            self._branch_worker_comm.on_terminated(env=self.env)


def _what_is_over_stays_over() -> None:
    """Keep a stop or a timeout final: what it cuts short crashes, and would end as a failure."""
    from moto.stepfunctions.parser.asl.eval.environment import Environment
    from moto.stepfunctions.parser.asl.eval.program_state import ProgramStopped, ProgramTimedOut

    @wrap(Environment, "set_error")
    def set_error(original: Any, self: Any, error: Any) -> None:
        if not isinstance(self._program_state, ProgramStopped | ProgramTimedOut):
            original(self, error)


def _who_waits_for_a_token_hears_the_end() -> None:
    """End a task that waits for its token with the execution, not with its own deadline."""
    from moto.stepfunctions.parser.asl.eval.environment import Environment

    for name in ("set_stop", "set_timed_out"):

        @wrap(Environment, name)
        def end_and_interrupt(end: Any, self: Any, *args: Any, **kwargs: Any) -> None:
            end(self, *args, **kwargs)
            for endpoint in list(self.callback_pool_manager._pool.values()):
                endpoint.interrupt_all()


def _errors_of_branches_keep_their_names() -> None:
    """Hand on a branch's States.… error: moto crashes on it, past the Parallel's own Catch."""
    from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import (
        CustomErrorName,
    )
    from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
        StatesErrorName,
    )
    from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import (
        iteration_worker,
    )
    from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import branches_decl

    def named(error_name: str | None) -> Any:
        if error_name and error_name.startswith("States."):
            return StatesErrorName.from_name(error_name)
        return CustomErrorName(error_name)

    branches_decl.CustomErrorName = named
    iteration_worker.CustomErrorName = named


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

    @wrap(StateChoice, "_eval_state")
    def choose(original: Any, self: Any, env: Any) -> None:
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
