"""What is assumed, because nothing here runs on AWS: seconds that requests take, sizes, limits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Assumed:
    """A figure that was not measured, and why it is what it is."""

    name: str
    figure: str
    why: str


# Seconds of one request to DynamoDB in the own Region, whatever it reads.
OWN_REGION = 0.010
# Seconds more for a request to the other Region.
ROUND_TRIP = 0.060
# Seconds from one invocation by a state machine to the next.
BETWEEN_STATES = 0.1
# Seconds from the last comparison before the drain until the drain is written.
DECIDING = 1.0
# Seconds for which a drained Region's fence may still let writes pass: until it reads again.
REFRESH = 1.0
# Megabytes with which a function has one vCPU.
VCPU_MB = 1769
# Bytes of a journal entry and of an item.
ROW_BYTES = 1024
# Seconds that a new environment needs before it answers its first ping.
COLD_START = 0.6
# Seconds that a ping takes besides.
PING = 0.03

ASSUMED = (
    Assumed(
        "one request to DynamoDB in the own Region",
        f"{OWN_REGION * 1000:.0f} ms",
        "AWS says single-digit milliseconds, of small items "
        "(docs.aws.amazon.com/amazondynamodb/latest/developerguide/Introduction.html); a page of "
        "hundreds takes longer",
    ),
    Assumed(
        "one to the other Region, on top",
        f"{ROUND_TRIP * 1000:.0f} ms",
        "as in the lab; AWS publishes no figure",
    ),
    Assumed(
        "from one call of a state machine to the next",
        f"{BETWEEN_STATES * 1000:.0f} ms",
        "a warm invocation and a transition; AWS publishes no figure",
    ),
    Assumed(
        "a function's share of a vCPU",
        f"its memory / {VCPU_MB:,} MB, one at most",
        "docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html; Python lets one thread "
        "work at a time. A vCPU is taken to be as fast as a core of the machine that ran this",
    ),
    Assumed("an entry of the journal, an item", f"{ROW_BYTES:,} bytes each", "a small item"),
    Assumed(
        "what is written", "each write to an item of its own", "the most items to be looked up"
    ),
    Assumed(
        "an environment of a cold function",
        f"{COLD_START:g} s",
        f"once for each; a ping takes {PING * 1000:.0f} ms more, and as long as it is held",
    ),
)
