"""Images from the prior: a conditional GAN on a frozen encoder's embeddings, and how its images are judged.

To be read in this order: ``config`` (what a run is), ``nets`` (the networks), ``train`` (the GAN), ``classifier`` (whose
features the images are judged in), ``sample_distances`` (between two samples of features), ``judge`` (all measurements of a
generator) and ``grids`` (conditions and images laid out in the plane).
"""
