"""Study: accuracy in two dimensions against capacity, beside the paper's Figure 1."""
