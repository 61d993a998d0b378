"""Study: what a match needs in images, steps, noise and batch."""
