"""What to run, and running it: the top of the stack."""
