"""What the functions share: one package for each feature. See CONTRIBUTING.md."""
