"""Writes that a disaster left behind."""
