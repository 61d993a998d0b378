"""Evidence: tests, calibration, effect sizes, intervals. Knows arrays, not encoders."""
