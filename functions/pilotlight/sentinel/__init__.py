"""Watches the Primary, and starts the failover machine while it fails."""
