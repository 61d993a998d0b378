"""Is it true? The claims, checked."""
