"""The command `pilot-light remove`: a list of steps, and for each kind of step how it is made."""
