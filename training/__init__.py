"""What makes the weights of the readers."""
