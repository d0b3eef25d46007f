"""Warm pings, and what they prove."""
