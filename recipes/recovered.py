"""Draws docs/recovered.png: twenty words that our own synthesizer wrote, and how the net finds that they were written.

Run as `python recipes/recovered.py`; each word has a seed of its own, 0 to 19, so nothing was picked out.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from handwrite.core.image import GreyImage
from handwrite.core.ink import Ink
from handwrite.evaluate.recovery import Judged, score
from handwrite.evaluate.recovery_sheet import Case, recovery_sheet
from handwrite.formats.png import encode_image
from handwrite.recover.data import plain_image
from handwrite.recover.predict import Recoverer
from handwrite.synth.predict import Order, Synthesizer

OUTPUT = Path(__file__).resolve().parents[1] / "docs" / "recovered.png"
TEXT = "Quick brown foxes jump over 12 lazy dogs. Zephyrs vex my bold queen, Max; extra fit waltzing judge thanks Kay"
COLUMNS = 4
BIAS = 0.5


def main() -> None:
    """Write the words, recover them, and draw the sheet."""
    synthesizer = Synthesizer.load(threads=2)
    inks = [_written(synthesizer, word, seed) for seed, word in enumerate(TEXT.split())]
    drawn = [plain_image(ink) for ink in inks]
    found = Recoverer.load(threads=2).recover_all([image for image, _ in drawn], level="word")
    cases = [
        Case(f"seed {seed}: {word}", image, truth, {"found": _judged(word, image, truth, ink)})
        for seed, (word, (image, truth), ink) in enumerate(zip(TEXT.split(), drawn, found, strict=True))
    ]
    rows = [cases[start : start + COLUMNS] for start in range(0, len(cases), COLUMNS)]
    OUTPUT.write_bytes(encode_image(recovery_sheet(rows, columns=COLUMNS)))
    for name in ("local_order", "stroke_tau", "velocity_r"):
        values = [getattr(case.found["found"].scores, name) for case in cases]
        print(f"{name}: {np.mean([value for value in values if value is not None]):.3f}")


def _written(synthesizer: Synthesizer, word: str, seed: int) -> Ink:
    [line] = synthesizer.write([Order(word, synthesizer.hand(seed % len(synthesizer.styles)), BIAS)], seed=seed)
    return line.ink


def _judged(word: str, image: GreyImage, truth: Ink, ink: Ink) -> Judged:
    return Judged(
        name=word,
        source="synth",
        script="Latn",
        level="word",
        writer="",
        real_clock=True,
        ink=ink,
        scores=score(truth, ink, image, real_clock=True),
    )


if __name__ == "__main__":
    main()
