"""Which role made which call, and which calls its policies refused."""
