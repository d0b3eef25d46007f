"""How a ULID is made of a moment, and the moment read from it.

https://github.com/ulid/spec
"""

from __future__ import annotations

from datetime import UTC, datetime

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 26
# The highest ULID: 26 characters of 5 bits hold two bits more than its 128.
HIGHEST = "7" + "Z" * (LENGTH - 1)


def at(moment_ms: int, tail: bytes) -> str:
    """Return the ULID of a moment, in milliseconds since 1970, with its last ten bytes."""
    value = int.from_bytes(moment_ms.to_bytes(6, "big") + tail, "big")
    return "".join(ALPHABET[value >> 5 * n & 31] for n in reversed(range(LENGTH)))


def lowest_of(moment_ms: int) -> str:
    """Return the lowest ULID of a moment, in milliseconds since 1970."""
    return at(max(moment_ms, 0), bytes(10))


def moment_of(ulid: str) -> datetime | None:
    """Return the moment of a ULID, or None for anything else."""
    if len(ulid) != LENGTH or not set(ulid) <= set(ALPHABET) or ulid > HIGHEST:
        return None
    moment_ms = 0
    for character in ulid[:10]:
        moment_ms = moment_ms << 5 | ALPHABET.index(character)
    try:
        return datetime.fromtimestamp(moment_ms / 1000, UTC)
    except (OverflowError, OSError, ValueError):
        return None
