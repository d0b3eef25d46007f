"""Drills of other people's applications, as their contracts describe them."""
