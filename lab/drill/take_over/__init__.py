"""The loss of the Secondary while it is active."""
