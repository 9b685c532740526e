"""How much damage a controller bears, and whether it learns to do without what it has lost."""
