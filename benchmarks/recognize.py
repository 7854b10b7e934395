"""How fast the recognizer reads: lines at once and one by one, and pages.

    python benchmarks/recognize.py --threads 2

The lines are those of the sample dataset, drawn as scans; the page holds 25 of them. Times go from decoded images to
text, that is normalizing, the network and decoding; for the page also finding its lines, and below from the start of
the command. Beside them stands the network alone. What is read may be wrong; here only time counts.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from benchmark_options import load_average, median_seconds, options_parser

from handwrite.core.image import GreyImage
from handwrite.core.normalize import normalize
from handwrite.core.render import Paper, render
from handwrite.core.store import Store, sample_store
from handwrite.errors import HandwriteError
from handwrite.recognize.decoder import Decoder
from handwrite.recognize.predict import BATCH, DECODERS, Recognizer

LINES = 40
LINE_HEIGHT = 72
PAGE_LINES = 25
PAGE_SHAPE, PAGE_MARGIN, PAGE_STEP = (3300, 2550), 200, 118  # pixels of a letter page at 300 dots per inch


@dataclass(frozen=True)
class Speed:
    """Lines per second of a decoder: in batches of 8, one at a time, and of the network alone for both."""

    decoder: str
    batch: float
    single: float
    network_batch: float
    network_single: float


@dataclass(frozen=True)
class Waiting:
    """Seconds for a page of 25 lines in a warm process, and for the command from its start."""

    page: float
    command: float


def line_images() -> list[GreyImage]:
    """`LINES` lines of the sample dataset as scans."""
    store, rng = Store(sample_store()), np.random.default_rng(0)
    longest = np.argsort([-len(text) for text in store.text], kind="stable")[:LINES]
    return [render(store[index].ink, height=LINE_HEIGHT, paper=Paper(), rng=rng) for index in longest.tolist()]


def page_image(lines: Sequence[GreyImage]) -> GreyImage:
    """A page with lines under one another."""
    page = np.full(PAGE_SHAPE, 240, np.uint8)
    room = PAGE_SHAPE[1] - 2 * PAGE_MARGIN
    for number, line in enumerate(lines):
        scale = min(1.2, room / line.shape[1])
        part = cv2.resize(line, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        top = PAGE_MARGIN + number * PAGE_STEP
        place = page[top : top + part.shape[0], PAGE_MARGIN : PAGE_MARGIN + part.shape[1]]
        np.minimum(place, part, out=place)
    return page


def measure(recognizer: Recognizer, lines: Sequence[GreyImage], decoder: Decoder, *, name: str, runs: int) -> Speed:
    """The median speeds of so many runs, after one to warm up."""
    normal = [normalize(line).pixels for line in lines]
    batches = [slice(start, start + BATCH) for start in range(0, len(lines), BATCH)]

    def each(work: Callable[[slice], object], parts: Sequence[slice]) -> float:
        return len(lines) / median_seconds(lambda: [work(part) for part in parts], runs)

    def read(part: slice) -> object:
        return recognizer.read_all(lines[part], level="line", decoder=decoder)

    def network(part: slice) -> object:
        return recognizer.log_probabilities(normal[part])

    singles = [slice(index, index + 1) for index in range(len(lines))]
    return Speed(name, each(read, batches), each(read, singles), each(network, batches), each(network, singles))


def wait(recognizer: Recognizer, page: GreyImage, decoder: Decoder, *, options: Sequence[str], runs: int) -> Waiting:
    """The median seconds for a page."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.png"
        cv2.imwrite(str(path), page)
        command = [sys.executable, "-m", "handwrite", "recognize", str(path), "--level", "page", *options]
        return Waiting(
            page=median_seconds(lambda: recognizer.read(page, level="page", decoder=decoder), runs),
            command=median_seconds(lambda: subprocess.run(command, check=True, capture_output=True), runs),
        )


def table(speeds: Sequence[Speed], waiting: Waiting) -> str:
    """The figures as text."""
    rows = [f"{'lines/s':24}{'8 at once':>12}{'one by one':>12}"]
    rows += [f"{speed.decoder:24}{speed.batch:>12.0f}{speed.single:>12.0f}" for speed in speeds]
    rows.append(f"{'the network alone':24}{speeds[0].network_batch:>12.0f}{speeds[0].network_single:>12.0f}")
    rows.append(f"seconds for a page of {PAGE_LINES} lines: {waiting.page:.2f}; the command from its start: ")
    return "\n".join(rows) + f"{waiting.command:.2f}"


def main() -> int:
    """Measure and print; 2 when the weights cannot be used."""
    parser = options_parser("How fast the recognizer reads.", weights="recognize")
    parser.add_argument("--lm", default="lm", help="language model to use, a file or a name")
    options = parser.parse_args()
    load = load_average()
    try:
        recognizer = Recognizer.load(options.weights, device="cpu", threads=options.threads)
        decoders = {name: recognizer.decoder(name, language_model=options.lm) for name in DECODERS[:2]}
    except HandwriteError as error:
        print(f"benchmarks/recognize.py: {error}", file=sys.stderr)
        return 2
    lines = line_images()
    speeds = [measure(recognizer, lines, made, name=name, runs=options.runs) for name, made in decoders.items()]
    command = ["--weights", options.weights, "--lm", options.lm, "--threads", str(options.threads)]
    page = page_image(lines[:PAGE_LINES])
    waiting = wait(recognizer, page, decoders["beam"], options=command, runs=options.runs)
    if options.json:
        found = {"threads": options.threads, "load": load, "speeds": [asdict(speed) for speed in speeds]}
        print(json.dumps(found | {"seconds": asdict(waiting)}, indent=2))
    else:
        print(table(speeds, waiting))
        print(f"{options.threads} threads, median of {options.runs} runs; load before: {load:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
