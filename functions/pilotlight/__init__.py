"""What the functions of Pilot Light share: decisions in `domain`, AWS and the network in `adapters`."""
