"""The report: what was asked, what was found, in pictures and numbers. Reads runs; makes what is missing of them."""
