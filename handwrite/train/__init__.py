"""Training: one loop for every model of the house."""
