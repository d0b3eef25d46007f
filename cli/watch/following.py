"""Follows a run until it ends, and returns the exit code. The run does not need its watcher."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli import exits
from cli.asking.needed import failure
from cli.asking.together import start
from cli.watch import reads
from cli.watch.ends import end_of
from cli.watch.watched import Watched

if TYPE_CHECKING:
    from cli.asking.clients import Clients
    from cli.deployment import Deployment
    from cli.options import Asked

# 128 and SIGINT, as shells have it: how the run ends is not known, so `&&` must not go on.
INTERRUPTED = 130
_HANDED = "{name} was handed over: {handed} does the work."


def follow(
    asked: Asked,
    clients: Clients,
    execution_arn: str,
    *,
    started_here: bool = False,
    every_state: bool = False,
) -> int:
    """Print a run until it ends, and return the exit code of `watch`.

    Parameters
    ----------
    started_here
        The caller has just started it: AWS may need a moment before it knows the execution.
    every_state
        Whether states without words are shown too.

    Raises
    ------
    NotFound
        There is no such execution.
    """
    arn: str | None = execution_arn
    past = start(lambda: reads.past(clients, asked.deployment))
    code = exits.UNKNOWN
    while arn:
        watch = Watched(asked, clients, arn, past, every_state=every_state)
        try:
            ended = watch.until_the_end(started_here=started_here)
        except KeyboardInterrupt:
            watch.view.out.print(
                f"No longer watched. The run goes on: pilot-light watch {watch.name}"
            )
            return INTERRUPTED
        code, started_here = ended.exit_code, True
        arn = handed_arn(ended.handed_to, arn, asked.deployment)
        if arn:
            text = _HANDED.format(name=watch.name, handed=arn.rsplit(":", 1)[-1])
            watch.view.out.print(text)
        else:
            watch.show(ended)
    return code


def show_last(asked: Asked, clients: Clients, execution_arn: str) -> int:
    """Show how the newest run ended, where none runs, and return the exit code for that."""
    watch = Watched(asked, clients, execution_arn, None)
    found = reads.poll(clients, execution_arn, watch.run)
    if found.description is None:
        raise failure(found.problems)
    if end_of(found.description) is None:
        # It has begun since.
        return follow(asked, clients, execution_arn)
    watch.view.out.print("Nothing runs. The newest run:")
    watch.take(found, lines=False)
    watch.show(watch.verdict(), exits.ATTENTION)
    return exits.ATTENTION


def handed_arn(handed: str | None, arn: str, deployment: Deployment) -> str | None:
    """Return the ARN of the switchover that a run was handed over to, by its ARN or its name."""
    if handed is None or ":" in handed:
        return handed
    parts = arn.split(":")
    return ":".join([*parts[:6], deployment.name("switchover"), handed])
