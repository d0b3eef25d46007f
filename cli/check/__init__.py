"""`pilot-light check`: what a deployment needs, checked before anything is created."""
