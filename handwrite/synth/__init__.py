"""Text to ink: the mixture-density LSTM of Graves 2013 with a soft window and a writer embedding."""
