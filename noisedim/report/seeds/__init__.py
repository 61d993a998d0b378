"""Does the method reach the prior at all? Seed by seed."""
