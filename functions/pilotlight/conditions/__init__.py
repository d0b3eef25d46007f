"""Conditions of a promotion, and the evidence they rest on."""
