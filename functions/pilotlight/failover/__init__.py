"""What the failover machine decides."""
