"""Makes one step: looks what is there, does what follows from it, and looks again.

So a removal that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from cli import exits
from cli.asking.call import Call
from cli.asking.needed import failure
from cli.asking.together import Answers, ask
from cli.changing.sending import Refused, send
from cli.options import REGION_SECONDS
from cli.removal.kinds import WAYS
from cli.removal.looking import is_missing

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli.asking.clients import Clients
    from cli.removal.steps import Step

POLL_SECONDS = 5.0
# Since the last change. A stack with custom domain names takes some minutes.
LONGEST_SECONDS = 3600.0
ANSWER_SECONDS = 30.0
# Another change is under way, or a replica or a version of an object is still there.
BUSY = ("ResourceInUseException", "LimitExceededException", "BucketNotEmpty", "OperationAborted")


class NotRemoved(click.ClickException):
    """A step that does not come to its end."""

    exit_code = exits.ATTENTION


def delete(clients: Clients, step: Step, report: Callable[[str], None]) -> None:
    """Make a step. `report` is told each state of what is there, as it changes.

    Raises
    ------
    NotRemoved, NotMade, Unsure, NotRead
        It was refused, does not end, or nothing answers.
    """
    way, sent, changed, last = WAYS[step.kind], list[Call](), time.monotonic(), ""
    read = _reader(clients)
    while (answer := read(way.look(step))) is not None:
        if (found := way.found(step, answer)) is None:
            return
        if found != last:
            report(found)
            last = found
        if sent and found.startswith("DELETE_FAILED"):
            raise NotRemoved(f"{step.what}: {found}")
        todo = [call for call in way.next(step, answer, read) if call not in sent]
        made = [call for call in todo if _sent(clients, call)]
        # Deletions of a thousand objects each are not kept: they would be millions.
        sent += made if step.kind != "bucket" else []
        if made:
            changed = time.monotonic()
            continue
        if time.monotonic() - changed > LONGEST_SECONDS:
            raise NotRemoved(f"{step.what}: still {found}, an hour after the last change.")
        time.sleep(POLL_SECONDS)


def _sent(clients: Clients, call: Call) -> bool:
    """Send a change, and return whether it was taken. What is busy is asked again later."""
    try:
        answer = send(clients, call, seconds=ANSWER_SECONDS, known=BUSY)
    except Refused:
        return False
    for error in answer.get("Errors", []):
        raise NotRemoved(
            f"{call.region}: {error.get('Code')} for {error.get('Key')}, to {call.why} "
            f"({call.permission})."
        )
    return True


def _reader(clients: Clients) -> Callable[[Call], Any]:
    def read(call: Call) -> Any:
        begun = time.monotonic()
        while True:
            answers = Answers(call.region)
            ask(clients, [call], REGION_SECONDS, answers)
            problem = answers.problems.get(call.name)
            if problem is None:
                return answers.values[call.name]
            if is_missing(problem):
                return None
            # One lost answer is no reason to stop what takes half an hour.
            if problem.kind != "silent" or time.monotonic() - begun > ANSWER_SECONDS:
                raise failure([problem])
            time.sleep(POLL_SECONDS)

    return read
