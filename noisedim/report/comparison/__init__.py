"""Study: every method with the same budget and seeds. Who matches the prior, at what cost, and who matches it best?"""
