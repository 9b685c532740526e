"""Body to data: events, taxels and the values that travel through the stack. Knows nothing above it."""
