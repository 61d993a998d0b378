"""Study: what reaches the paper's accuracy in two dimensions."""
