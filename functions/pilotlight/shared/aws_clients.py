"""How long the product's clients of AWS wait, and how often they try."""

from __future__ import annotations

from botocore.config import Config

# A recovery step has seconds. One retry covers a lost connection; Step Functions owns the others.
# A comparison of journals sends sixteen requests at once, and a new connection costs a round trip.
RECOVERY_STEP = Config(
    connect_timeout=1,
    read_timeout=3,
    retries={"total_max_attempts": 2, "mode": "standard"},
    max_pool_connections=16,
)
# How many warm pings are sent at once.
MAX_IN_FLIGHT = 250
# A connection for each ping, and no retry: a second ping for a slow first would be held beside it
# and count for nothing.
PINGING = Config(
    connect_timeout=1,
    read_timeout=4,
    retries={"total_max_attempts": 1, "mode": "standard"},
    max_pool_connections=MAX_IN_FLIGHT,
)
