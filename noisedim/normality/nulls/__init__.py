"""Laws of the test statistics under the null: samples, limits, and the tables that ship with the package."""
