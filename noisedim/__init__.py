"""noisedim."""
