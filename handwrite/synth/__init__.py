"""Text to ink: the mixture-density LSTM of Graves 2013 with a soft window and a writer embedding."""

DEFAULT_BIAS = 0.75
"""How neatly is written where nothing else is asked for: 0 is as varied as people write, more is neater."""
