"""Does a sample follow N(0, I)? Tests with calibrated p-values, effect sizes, and the battery over all of them."""
