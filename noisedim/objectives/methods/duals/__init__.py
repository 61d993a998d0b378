"""The forms of the closed-form dual, one file each."""
