"""Images from the prior: a conditional GAN on a frozen encoder's embeddings, and how its samples are judged."""
