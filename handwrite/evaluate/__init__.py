"""What `handwrite evaluate` measures; the one place that may use several models at once."""
