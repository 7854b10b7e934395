"""The tables of `handwrite evaluate`."""
