"""Long studies: hundreds of short runs, of which one compact file keeps the scores."""
