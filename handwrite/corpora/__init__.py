"""Public corpora, each read into samples for the store."""
