"""The way back to the Primary after a recovery."""
