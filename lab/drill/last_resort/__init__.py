"""Writes without a quorum, allowed by a person."""
