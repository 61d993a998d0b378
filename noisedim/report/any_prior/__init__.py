"""Study: train for N(0, I) and map afterwards, or train for the target prior itself (the paper's Section 3.3)?"""
