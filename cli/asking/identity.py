"""Who asks: the account, of which ARNs and bucket names are made, and the person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cli.asking.call import identity
from cli.asking.needed import failure
from cli.asking.together import ask_regions
from cli.options import REGION_SECONDS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from cli.asking.clients import Clients
    from cli.asking.together import Answers


def who(clients: Clients, regions: Collection[str]) -> dict[str, Any]:
    """Ask Regions who one is. Any answer will do: the account is the same.

    Raises
    ------
    NotRead
        None answers.
    """
    asked = ask_regions(clients, {r: [identity(r)] for r in regions}, REGION_SECONDS)
    return known(asked.values())


def known(answers: Iterable[Answers]) -> dict[str, Any]:
    """Return who one is by the Regions' answers to that question.

    Raises
    ------
    NotRead
        None was answered.
    """
    every = list(answers)
    for region in every:
        if found := region.values.get("identity"):
            return dict(found)
    raise failure([region.problems["identity"] for region in every])


def person(identity: Mapping[str, Any]) -> str:
    """Return the last part of an ARN of IAM or STS: a user, a role's session, or root."""
    return str(identity["Arn"]).rsplit("/", 1)[-1].rsplit(":", 1)[-1]
