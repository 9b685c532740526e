"""What the pages of every kind of scenario are made of."""
