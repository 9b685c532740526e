"""Data to spikes to command, in pure integers: no clock, no input or output, no randomness but its own counter."""

import sensors  # noqa: F401  (it settles where kernels are kept, before the first is declared)
