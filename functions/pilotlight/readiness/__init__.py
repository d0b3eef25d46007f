"""Can a Region serve? Checks on the recovery path, and scheduled ones."""
