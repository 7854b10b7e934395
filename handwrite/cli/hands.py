"""The hands that --style names: a style of the weights, one of the user's, or a file of ink to go on from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from handwrite.cli.options import read_bytes
from handwrite.errors import InputError

if TYPE_CHECKING:
    from handwrite.synth.data import Line
    from handwrite.synth.hands import Hand
    from handwrite.synth.predict import Synthesizer


def chosen_hands(synthesizer: Synthesizer, styles: Sequence[str]) -> list[Hand]:
    """The hand of each style, or the default hand when there is none."""
    return [_hand(synthesizer, style) for style in styles] or [synthesizer.hand()]


def real_lines(paths: Sequence[Path]) -> list[Line]:
    """The lines of ink in files that tell what they say (see `formats.READABLE`), prepared for the model as one hand.

    Raises InputError for a file that cannot be read, and for ink that the model cannot learn from.
    """
    from handwrite.formats import decode
    from handwrite.synth.data import normalize_lines

    documents = [decode(read_bytes(path), _readable(path), name=str(path)) for path in paths]
    name = str(paths[0]) if len(paths) == 1 else f"{paths[0]} to {paths[-1].name}"
    return normalize_lines([(document.ink, document.text) for document in documents], name=name)


def is_ink(path: Path) -> bool:
    """Whether a file is named as ink with its text is."""
    from handwrite.formats import READABLE

    return path.suffix[1:].lower() in READABLE


def _hand(synthesizer: Synthesizer, style: str) -> Hand:
    from handwrite.synth.styles import user_styles

    path = Path(style)
    if is_ink(path) or os.path.isfile(path):
        return synthesizer.primed(style, real_lines([path])[0])
    hand = synthesizer.hand(style)
    own = None if hand.name in synthesizer.styles else user_styles().get(hand.name)
    return synthesizer.primed(hand.name, own.line) if own and own.line else hand


def _readable(path: Path) -> str:
    from handwrite.formats import READABLE

    if not is_ink(path):
        raise InputError(f"{path}: ink can be read from {' and '.join(READABLE)} alone, with the text that it says")
    return path.suffix[1:].lower()
