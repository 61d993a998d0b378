"""Can you trust the test? False alarms and power."""
