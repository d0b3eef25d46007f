"""The laptop AWS in which Pilot Light proves its failover."""
