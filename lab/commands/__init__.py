"""The commands of `lab`."""
