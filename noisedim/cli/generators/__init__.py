"""Commands that train generators and draw from them."""
