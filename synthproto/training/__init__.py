"""Training: one loop for every model, because what differs is the injected step."""
