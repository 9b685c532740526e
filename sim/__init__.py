"""A World made of physics."""
