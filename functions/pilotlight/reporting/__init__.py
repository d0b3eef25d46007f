"""Reports of runs, and the overview."""
