"""Heartbeats, and the RPO that is read from them."""
