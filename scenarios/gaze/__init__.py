"""Gazing: how well a head followed, what to compare with, and how to show it."""
