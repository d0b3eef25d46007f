"""The benchmark: the same outages against record sets that stand side by side in one zone."""
