"""The recoveries table of the Secondary: the keys and attributes of its items."""
