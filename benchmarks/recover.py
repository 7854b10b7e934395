"""How fast pen paths are recovered: characters and words, at once and one by one, by the net and by tracing skeletons.

    python benchmarks/recover.py --threads 2

The words are those of the sample dataset, the characters letters that the synthesizer writes, all drawn plainly. Times
go from decoded images to ink with a clock. What is recovered may be wrong; here only time counts.
"""

from __future__ import annotations

import json
import string
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from benchmark_options import load_average, median_seconds, options_parser

from handwrite.core.image import GreyImage
from handwrite.core.store import Store, sample_store
from handwrite.errors import HandwriteError
from handwrite.recover.data import plain_image
from handwrite.recover.predict import Recoverer
from handwrite.recover.words import cut_words
from handwrite.synth import DEFAULT_BIAS
from handwrite.synth.predict import Order, Synthesizer

WORDS = 48
LETTERS = string.ascii_letters[:48]


@dataclass(frozen=True)
class Speed:
    """Images of a level that a method recovers in a second, many at once and one by one."""

    method: str
    level: str
    together: float
    single: float


def word_images() -> list[GreyImage]:
    """`WORDS` words of the sample dataset."""
    words = [word for sample in Store(sample_store()) for word in cut_words(sample.ink)]
    return [plain_image(word)[0] for word in words[:: max(1, len(words) // WORDS)][:WORDS]]


def character_images() -> list[GreyImage]:
    """`LETTERS` as the default hand writes them."""
    synthesizer = Synthesizer.load(device="cpu")
    orders = [Order(letter, synthesizer.hand(), DEFAULT_BIAS) for letter in LETTERS]
    return [plain_image(line.ink)[0] for line in synthesizer.write(orders, seed=0)]


def measure(recoverer: Recoverer, images: Sequence[GreyImage], *, method: str, level: str, runs: int) -> Speed:
    """The median speeds of so many runs, after one to warm up."""
    together = median_seconds(lambda: recoverer.recover_all(images, level=level), runs)
    single = median_seconds(lambda: [recoverer.recover(image, level=level) for image in images], runs)
    return Speed(method, level, len(images) / together, len(images) / single)


def table(speeds: Sequence[Speed]) -> str:
    """The figures as text."""
    rows = [f"{'images/s':24}{'at once':>12}{'one by one':>12}"]
    rows += [f"{f'{one.method}, {one.level}s':24}{one.together:>12.1f}{one.single:>12.1f}" for one in speeds]
    return "\n".join(rows)


def main() -> int:
    """Measure and print; 2 when the weights cannot be used."""
    options = options_parser("How fast pen paths are recovered.", weights="recover").parse_args()
    load = load_average()
    try:
        net = Recoverer.load(options.weights, device="cpu", threads=options.threads)
        levels = {"character": character_images(), "word": word_images()}
    except HandwriteError as error:
        print(f"benchmarks/recover.py: {error}", file=sys.stderr)
        return 2
    methods = {"net": net, "skeleton": Recoverer(threads=options.threads)}
    speeds = [
        measure(recoverer, images, method=method, level=level, runs=options.runs)
        for method, recoverer in methods.items()
        for level, images in levels.items()
    ]
    if options.json:
        print(json.dumps({"threads": options.threads, "load": load, "speeds": list(map(asdict, speeds))}, indent=2))
    else:
        print(table(speeds))
        print(f"{options.threads} threads, median of {options.runs} runs; load before: {load:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
