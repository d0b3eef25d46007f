"""What an application's contract level lets be said, and what it does not (docs/adopt.md)."""

from __future__ import annotations

NAMES = {0: "routed", 1: "fenced", 2: "journaled"}
FENCED, JOURNALED = 1, 2


def in_words(level: int) -> str:
    """Return a level as people read it."""
    return f"level {level}, {NAMES[level]}"


def promotion(level: int) -> str:
    """Return what a promotion leaves open below level 1, after a space, or nothing."""
    if level >= FENCED:
        return ""
    return (
        f" The application is not fenced ({in_words(level)}): if the Primary lives, it may go on "
        "writing."
    )


def estimate(level: int) -> str:
    """Return what an RPO estimate does not cover below level 2, after a space, or nothing."""
    if level >= JOURNALED:
        return ""
    return (
        " That is the lag of Pilot Light's own table. The application's tables replicate on their "
        f"own, and no journal shows what they lack ({in_words(level)})."
    )


def loss(level: int) -> str:
    """Return how it becomes known what a promotion lost."""
    if level >= JOURNALED:
        return "The journal shows what was lost, once the other Region is back."
    return f"Unknown, and it stays so: the application keeps no journal ({in_words(level)})."


def ledger(level: int) -> str:
    """Return why the ledger shows nothing, or nothing where it does."""
    if level >= JOURNALED:
        return ""
    return (
        f"The application keeps no journal ({in_words(level)}): nobody can tell which writes were "
        "late or lost."
    )
