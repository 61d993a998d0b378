"""What several tests need of a sample: moments, ordered values, the spectrum, whitened rows, directions, sums over pairs."""
