"""Which map into [0, 1]^d matches the uniform prior best?"""
