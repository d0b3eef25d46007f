"""Executions that halt before and after a state, as at a debugger's breakpoint.

What is done to the lab meanwhile is so for that state and for no other.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from lab.engine.patching import wrap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Breakpoints:
    """The states at which executions halt, and the executions that have halted."""

    def __init__(self) -> None:
        self._at: frozenset[tuple[str, str]] = frozenset()
        self._halted: list[dict[str, str]] = []
        self._changed = threading.Condition()

    def at(self, machine: str = "", states: Iterable[str] = ()) -> list[dict[str, str]]:
        """Halt a machine before and after these states from now on, and let all others go on."""
        with self._changed:
            self._at = frozenset((machine, state) for state in states)
        return self.go()

    def halted(self) -> list[dict[str, str]]:
        """Return the execution, the state, and whether it is `before` or `after` it, of each."""
        with self._changed:
            return list(self._halted)

    def go(self, state: str = "") -> list[dict[str, str]]:
        """Resume what has halted at a state, or everything; return what is still halted."""
        with self._changed:
            self._halted = [h for h in self._halted if state and h["state"] != state]
            self._changed.notify_all()
        return self.halted()

    def pass_by(self, place: dict[str, str], machine: str, given_up: Callable[[], bool]) -> None:
        """Freeze the calling thread where executions are to halt, until they are to go on."""
        with self._changed:
            if (machine, place["state"]) not in self._at:
                return
            self._halted.append(place)
            while any(halted is place for halted in self._halted):
                if given_up():
                    # Another branch may be at an equal place.
                    self._halted = [h for h in self._halted if h is not place]
                    return
                self._changed.wait(0.2)


def install(breakpoints: Breakpoints) -> None:
    """Ask at every state."""
    from moto.stepfunctions.parser.asl.component.state.state import CommonStateField

    @wrap(CommonStateField, "_eval_body")
    def halt_around(evaluate: Any, self: Any, env: Any) -> Any:
        context = env.states.context_object.context_object_data
        machine, execution = context["StateMachine"]["Name"], context["Execution"]["Id"]

        def pass_by(when: str) -> None:
            place = {"execution": execution, "state": self.name, "when": when}
            breakpoints.pass_by(place, machine, lambda: not env.is_running())

        pass_by("before")
        if not env.is_running():
            # It was stopped meanwhile, and does nothing more.
            return None
        try:
            return evaluate(self, env)
        finally:
            pass_by("after")
