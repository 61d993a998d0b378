"""Methods compared: match, cost, and both at once."""
