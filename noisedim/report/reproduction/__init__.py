"""Which of the paper's figures are reproduced?"""
