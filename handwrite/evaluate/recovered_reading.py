"""Recovered ink read by the ink reader, which knows the path of a pen and never sees a picture: the test that Rabhi et
al. 2020 put their own recovered ink to.

What is read of the ink as it was recorded is the measure for what is read of it as it was recovered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from handwrite.core.ink import Ink
from handwrite.core.metrics import character_errors, joined
from handwrite.core.store import is_struck_out
from handwrite.evaluate.recovery import Figure, Judged, mean_of
from handwrite.recognize.ink_predict import InkReader
from handwrite.recover.data import Penned

READ_SCRIPT, READ_LEVEL = "Latn", "word"
"""What the ink reader is asked to read."""


@dataclass(frozen=True)
class Read:
    """The share of the characters of a source's words that the ink reader reads rightly: 1 - CER, spaces around
    punctuation joined.

    recorded : in the ink as it was written. methods : in what each method recovered of it.
    """

    source: str
    recorded: Figure
    methods: dict[str, Figure]


class _Word(NamedTuple):
    """Sample number `sample`, a word."""

    sample: int
    text: str
    writer: str


def read_again(
    reader: InkReader, samples: Sequence[Penned], found: Mapping[str, Sequence[Judged]], *, seed: int = 0
) -> tuple[Read, ...]:
    """What the ink reader makes of the Latin words among the samples, by source in alphabetical order.

    found : what each method recovered, in the order of the samples. seed : of the bootstrap.
    """
    figures = []
    for source in sorted({sample.source for sample in samples}):
        words = [
            word for index, sample in enumerate(samples) if sample.source == source for word in _word(index, sample)
        ]
        if words:
            recorded = [samples[word.sample].store[samples[word.sample].index].ink for word in words]
            methods = {
                method: _share_right(reader, [judged[word.sample].ink for word in words], words, seed=seed)
                for method, judged in found.items()
            }
            figures.append(Read(source, _share_right(reader, recorded, words, seed=seed), methods))
    return tuple(figures)


def _word(index: int, sample: Penned) -> list[_Word]:
    """The sample as a word with its text; none where it is no Latin word or was struck out."""
    text = joined(sample.store.text[sample.index].strip())
    readable = sample.script == READ_SCRIPT and sample.level == READ_LEVEL and text
    if not readable or is_struck_out(text, source=sample.source):
        return []
    return [_Word(index, text, str(sample.store.writer[sample.index]))]


def _share_right(reader: InkReader, inks: Sequence[Ink], words: Sequence[_Word], *, seed: int) -> Figure:
    shares = [
        1 - character_errors(word.text, joined(read)) / len(word.text)
        for word, read in zip(words, reader.read(inks), strict=True)
    ]
    sizes = [len(word.text) for word in words]
    figure = mean_of(shares, [word.writer for word in words], weights=sizes, seed=seed)
    assert figure is not None  # there are words
    return figure
