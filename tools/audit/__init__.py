"""The audit of the recovery path: which role makes which calls, their planes and Regions."""
