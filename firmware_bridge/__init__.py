"""A World and a Brain made of hardware."""
