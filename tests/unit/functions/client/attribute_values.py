"""Attributes as DynamoDB returns them, of any type, for properties."""

from __future__ import annotations

from hypothesis import strategies as st

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NUMBERS = st.integers(-(10**38) + 1, 10**38 - 1).map(str)
VALUES = st.recursive(
    st.one_of(
        TEXTS.map(lambda text: {"S": text}),
        NUMBERS.map(lambda number: {"N": number}),
        st.booleans().map(lambda flag: {"BOOL": flag}),
        st.just({"NULL": True}),
        st.binary(max_size=4).map(lambda data: {"B": data}),
        st.sets(TEXTS.filter(bool), min_size=1, max_size=3).map(lambda s: {"SS": sorted(s)}),
        st.sets(NUMBERS, min_size=1, max_size=3).map(lambda s: {"NS": sorted(s)}),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda values: {"L": values}),
        st.dictionaries(TEXTS, inner, max_size=3).map(lambda row: {"M": row}),
    ),
    max_leaves=6,
)
# Names that a journal entry and a mark have themselves are names that an application may have.
NAMES = st.one_of(
    TEXTS.filter(bool),
    st.sampled_from(
        [
            *("table", "key", "operation", "version", "previous", "image", "at", "authority"),
            *("write_id", "region", "epoch", "deleted", "pk", "sk", "id", "pilot_light"),
        ]
    ),
)
ROWS = st.dictionaries(NAMES, VALUES, max_size=6)
KEY_VALUES = st.one_of(
    TEXTS.filter(bool).map(lambda text: {"S": text}), NUMBERS.map(lambda number: {"N": number})
)
KEYS = st.dictionaries(
    NAMES.filter(lambda n: n != "pilot_light"), KEY_VALUES, min_size=1, max_size=2
)
