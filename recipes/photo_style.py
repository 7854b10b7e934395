"""Draws docs/photo-style.png: photos of writing become styles. In each row a photo, its recovered ink, a new line.

Run as `python recipes/photo_style.py`. The photo is a line that our own synthesizer wrote, on paper with a shadow, so
that it may be shown; from there on the commands are those that a user types.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from handwrite.cli.app import run
from handwrite.core.image import WHITE, GreyImage
from handwrite.core.render import Paper, render
from handwrite.synth.predict import Order, Synthesizer
from handwrite.synth.styles import FOLDER_VARIABLE

OUTPUT = Path(__file__).resolve().parents[1] / "docs" / "photo-style.png"
HANDS = ("clara", "frank", "iris")
TEXT, NEW = "The quick brown fox jumps over it", "Written in my own hand"
PAPER = Paper(white=0.85, shading=0.3, grain=0.02)
HEIGHT = 120
CELL, MARGIN = (110, 760), 12


def main() -> None:
    """A row for each hand: the photo, the recovered ink, a new line."""
    synthesizer = Synthesizer.load(threads=2)
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ[FOLDER_VARIABLE] = str(folder / "styles")
        for seed, hand in enumerate(HANDS):
            photo = folder / f"{hand}.png"
            cv2.imwrite(str(photo), photographed(synthesizer, hand, seed))
            found, new = folder / f"{hand}-found.png", folder / f"{hand}-new.png"
            commands = [
                ["recover", str(photo), "--level", "line", "-o", str(found)],
                ["styles", "add", f"my-{hand}", str(photo)],
                ["synth", NEW, "--style", f"my-{hand}", "--seed", "1", "--dpi", "200", "-o", str(new)],
            ]
            for command in commands:
                if run(command):
                    raise SystemExit(f"handwrite {' '.join(command)} failed")
            rows.append(np.hstack([fitted(cv2.imread(str(path))) for path in (photo, found, new)]))
    cv2.imwrite(str(OUTPUT), np.vstack(rows))


def fitted(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture (h, w, 3) in the middle of a white `CELL`."""
    height, width = CELL
    scale = min((height - 2 * MARGIN) / picture.shape[0], (width - 2 * MARGIN) / picture.shape[1])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    cell = np.full((height, width, 3), WHITE, np.uint8)
    top, left = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
    cell[top : top + small.shape[0], left : left + small.shape[1]] = small
    return cell


def photographed(synthesizer: Synthesizer, hand: str, seed: int) -> GreyImage:
    """A line in a hand, as a camera sees it."""
    [line] = synthesizer.write([Order(TEXT, synthesizer.hand(hand), 0.5)], seed=seed)
    return render(line.ink, height=HEIGHT, paper=PAPER, rng=np.random.default_rng(seed))


if __name__ == "__main__":
    main()
