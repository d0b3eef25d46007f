"""Decisions, apart from AWS: no clients, no clock, no environment."""
