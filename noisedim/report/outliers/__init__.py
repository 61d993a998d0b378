"""Study: are images of a class that was never seen found by the norm of their embedding, and by what else?"""
