"""Study: which method matches the prior best at the accuracy one needs."""
