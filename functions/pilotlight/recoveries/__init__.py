"""The recoveries table of the Secondary: what its items are called and hold."""
