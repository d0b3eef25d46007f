"""The console program `pilot-light`: what an operator of a deployment runs."""

__version__ = "0.2.0"
