"""The audit of the recovery path: who calls what on it, on which plane, in which Region."""
