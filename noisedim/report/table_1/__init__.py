"""Study: does noise help, harm, or neither in methods that are not about noise (the paper's Table 1)?"""
