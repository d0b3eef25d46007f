"""The commands that start a run: what is met and not, what will happen, a person's word."""
