"""What a rehearsal proves, and its record."""
