"""Grasping: what a trial with an object was worth, what to compare with, and how to show it."""
