"""Hooks: the adopter's own Lambda function at a phase of a run."""
