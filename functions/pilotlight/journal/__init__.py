"""The journal of acknowledged writes: read, compared, proven."""
