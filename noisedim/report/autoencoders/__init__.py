"""Study: reconstruction through the noisy channel (the paper's Section 4), compared with variational autoencoders."""
