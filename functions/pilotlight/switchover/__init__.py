"""Planned moves: request, preflight, decision."""
