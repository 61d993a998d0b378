"""Study: a conditional GAN on frozen embeddings (the paper's Appendix D). Does knowing the prior pay?"""
