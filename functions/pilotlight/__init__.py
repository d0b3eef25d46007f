"""What the functions share: decisions in `domain`, AWS and the network in `adapters`."""
