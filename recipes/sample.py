"""Writes data/sample.h5: lines and words that this project's own synthesizer wrote, and nobody's corpus.

Run by `make sample`. The same weights on the same kind of machine give the same file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from handwrite.core.store import SAMPLE, Sample, StoreWriter
from handwrite.evaluate.texts import phrases
from handwrite.synth.predict import Line, Order, Synthesizer

ROOT = Path(__file__).resolve().parents[1]
SOURCE = "sample"
LICENCE = "written by the synthesizer of handwrite; as its weights, for non-commercial research"
LINES = 300
BIAS = 0.5
SPLITS = ("train",) * 8 + ("val", "val2")


def main() -> None:
    """Write the store."""
    synthesizer = Synthesizer.load(threads=2)
    texts, _ = synthesizer.prepare("\n".join(phrases(LINES)))
    words = sorted({word for text in texts for word in text.split() if len(word) > 1})
    with StoreWriter(ROOT / "data" / SAMPLE, licences={SOURCE: LICENCE}) as store:
        for level, part in (("line", texts), ("word", words)):
            for sample in _written(synthesizer, part, level):
                store.add(sample)


def _written(synthesizer: Synthesizer, texts: Sequence[str], level: str) -> Iterator[Sample]:
    """The texts in all styles in turn; each style is a writer, whose split hangs on the number of the text."""
    count = max(1, len(synthesizer.styles))
    for style in range(count):
        orders = [Order(text, synthesizer.hand(style), BIAS) for text in texts[style::count]]
        for number, line in enumerate(synthesizer.write(orders, seed=style)):
            yield _sample(line, level, style, number)


def _sample(line: Line, level: str, style: int, number: int) -> Sample:
    name, split = f"{level}-{style}-{number}", SPLITS[number % len(SPLITS)]
    return Sample(line.ink, line.text, SOURCE, name, writer=f"style-{style}", split=split, level=level)


if __name__ == "__main__":
    main()
