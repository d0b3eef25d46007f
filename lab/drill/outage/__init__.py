"""An outage under load: what has to come of it, and what does."""
