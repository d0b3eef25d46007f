"""The command `watch`: a run live, from its history."""
