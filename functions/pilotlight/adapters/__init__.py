"""AWS and the network, behind small classes that take what they talk to."""
