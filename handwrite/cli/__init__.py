"""The command line: options, then one call into the library."""
