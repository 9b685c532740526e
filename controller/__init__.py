"""Data to spikes to command, in pure integers: no clock, no input or output, no randomness but its own counter."""
