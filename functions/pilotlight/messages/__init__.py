"""Messages to people and to their programs: one table of kinds, one form."""
