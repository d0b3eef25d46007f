"""The laptop AWS: two engines, their gaps closed from outside, and Route 53's data plane."""
