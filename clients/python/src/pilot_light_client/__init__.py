"""Pilot Light's client: the fence, the journal, warm pings and the health answer."""
