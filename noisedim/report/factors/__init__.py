"""Study: does each coordinate of an embedding hold one factor of drawn shapes?"""
