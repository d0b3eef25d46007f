"""The console program `pilot-light`: what an operator of a deployment runs."""
