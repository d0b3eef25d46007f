"""Warm pings and what they prove, and requests, which prove nothing."""
