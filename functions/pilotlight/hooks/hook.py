"""What a hook is: which function, in which modes, for how long, and what its answer means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

MODES = ("failover", "rehearsal", "drill", "switchover", "failback")
READY = "ready"
# What scheduled readiness asks for: whether a hook could be called.
CHECK = "check"
# The modes in which each phase exists, in the order of the phases in a deployment's variable.
PHASES = {
    READY: MODES,
    "before_claim": MODES,
    "after_claim": MODES,
    "before_failback": ("failback",),
}
TIMEOUT_SECONDS = 5
# What a record keeps of an answer or an error.
LONGEST = 300
_MODE = "|".join(MODES)
# The template's AllowedPattern of each hook accepts no other text.
HOOK = re.compile(
    r"(?P<function>[A-Za-z0-9_-]+:[A-Za-z0-9_-]+)"
    r"( timeout=(?P<timeout>[1-9]|10))?"
    rf"( modes=(?P<modes>({_MODE})(\+({_MODE}))*))?"
    r"(?P<required> required)?"
)


@dataclass(frozen=True)
class Hook:
    """A function of the adopter, with its alias, and when it is called."""

    phase: str
    function: str
    timeout: int = TIMEOUT_SECONDS
    modes: tuple[str, ...] = MODES
    required: bool = False

    @classmethod
    def parse(cls, phase: str, text: str) -> Hook:
        """Read `shop-pause:live timeout=5 modes=failover+drill required`.

        Raises
        ------
        ValueError
            It is none.
        """
        match = HOOK.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is no hook. Write function:alias timeout=5 modes=failover.")
        exist = PHASES[phase]
        named = (match["modes"] or "").split("+")
        return cls(
            phase,
            match["function"],
            int(match["timeout"] or TIMEOUT_SECONDS),
            tuple(m for m in exist if m in named) if match["modes"] else exist,
            required=phase == READY and match["required"] is not None,
        )


def read_hooks(text: str) -> dict[str, Hook]:
    """Read the hooks of a deployment: one for each phase, separated by commas, or nothing."""
    texts = zip(PHASES, text.split(","), strict=True)
    return {phase: Hook.parse(phase, hook) for phase, hook in texts if hook}


def modes_of(hooks: Mapping[str, Hook]) -> dict[str, list[str]]:
    """Return in which modes each hook is called. A machine compares its mode with them."""
    return {phase: list(hook.modes) for phase, hook in hooks.items()}


def remedy(hook: Hook, code: str) -> str:
    """Return what to do about a hook that could not be called, by the code of Lambda's error.

    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors
    """
    if code == "ResourceNotFoundException":
        return f"Deploy {hook.function} to the Secondary's Region, or remove the hook."
    if code in ("AccessDeniedException", "AccessDenied"):
        return f"AppNames must cover {hook.function}, and its own policy must not refuse it."
    return ""


def is_ok(hook: Hook, answer: Any) -> bool:
    """Return whether an answer is a good one. Only `ready` asks for a particular answer."""
    if hook.phase != READY:
        return True
    return isinstance(answer, dict) and answer.get("ready") is True
