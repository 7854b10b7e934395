"""The errors that a user can cause.

Each message names the input, says what is wrong and what to do. Bugs raise anything else and keep their traceback.
"""


class HandwriteError(Exception):
    """Base of every error that `handwrite` raises on purpose; its text is one line for a person."""


class InputError(HandwriteError):
    """A file, a folder or a text that cannot be used as it is."""


class OptionError(HandwriteError):
    """An option whose value is out of range or names something that does not exist."""


class StoreError(HandwriteError):
    """A dataset file that is missing, damaged or of another schema version."""


class CheckpointError(HandwriteError):
    """A weights file that is missing, damaged or of another kind."""
