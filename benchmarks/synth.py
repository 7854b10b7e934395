"""How fast the synthesizer draws: one line, and 32 lines at once.

    python benchmarks/synth.py --threads 2

Beside the sampler runs a plain loop over the same network, one step after another out of torch's own cells, and beside
both stand two bounds: reading the weights' bytes once a step, and the bare products of the weights with that many
columns. Both are measured here, with one matrix of the same total size. What is drawn may look wrong; here only time
counts. Below stand the times that people wait: for a line and for a page, to SVG, proofread and drawn again as they are
by default, and for the command from its start.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import torch
from benchmark_options import load_average, options_parser

from handwrite.errors import HandwriteError
from handwrite.evaluate.plain_synth import draw_plainly
from handwrite.evaluate.speeds import draw_together
from handwrite.evaluate.texts import SENTENCES
from handwrite.formats import encode
from handwrite.synth import DEFAULT_BIAS
from handwrite.synth.layout import PageFormat, layout
from handwrite.synth.model import SynthNet
from handwrite.synth.predict import Synthesizer, orders

LINE = "The train leaves at 9:45 every Saturday."
SIZES = (1, 32)
"""Lines at once."""


@dataclass(frozen=True)
class Speed:
    """What was measured for so many lines at once; all but `lines` per second."""

    lines: int
    points_per_second: float
    characters_per_second: float
    plain_points_per_second: float
    reading_bound: float
    product_bound: float

    @property
    def ratio(self) -> float:
        """How many times as fast as the plain loop."""
        return self.points_per_second / self.plain_points_per_second


@dataclass(frozen=True)
class Waiting:
    """Seconds to SVG: a line of 40 characters and a page of 30 lines in a warm process, and the command for a line."""

    line: float
    page: float
    command: float


def measure(synthesizer: Synthesizer, *, lines: int, runs: int) -> Speed:
    """The median speeds of so many runs, after one to warm up."""
    texts = [synthesizer.alphabet.encode(synthesizer.prepare(text)[0][0]) for text in SENTENCES[:lines]]
    net, weights = synthesizer.net, weights_in_a_step(synthesizer.net)
    drawn = _runs(lambda run: draw_together(net, texts, seed=run), runs)
    plain = _runs(lambda run: draw_plainly(net, texts, seed=run), runs)
    return Speed(
        lines=lines,
        points_per_second=statistics.median(points / seconds for points, seconds in drawn),
        characters_per_second=statistics.median(sum(map(len, texts)) / seconds for _, seconds in drawn),
        plain_points_per_second=statistics.median(points / seconds for points, seconds in plain),
        reading_bound=lines / product_seconds(weights, columns=1),
        product_bound=lines / product_seconds(weights, columns=lines),
    )


def _runs(work: Callable[[int], int], runs: int) -> list[tuple[int, float]]:
    """Points and seconds of each run; the first run is not counted."""
    found = []
    for run in range(runs + 1):
        begin = time.perf_counter()
        points = work(run)
        found.append((points, time.perf_counter() - begin))
    return found[1:]


def wait(synthesizer: Synthesizer, *, weights: str, threads: int, runs: int) -> Waiting:
    """The median seconds of so many runs, each with another seed."""
    line, page = LINE, "\n".join([LINE] * 30)
    a4 = PageFormat(width=210, height=297)

    def svg(text: str, sheet: PageFormat, seed: int) -> float:
        begin = time.perf_counter()
        lines, _ = synthesizer.prepare(text)
        written = synthesizer.write(orders(lines, [synthesizer.hand()], [DEFAULT_BIAS]), seed=seed)
        for made in layout((line.words for line in written), sheet, seed=seed):
            encode(made, "svg")
        return time.perf_counter() - begin

    svg(line, PageFormat(), 0)  # to warm up
    return Waiting(
        line=statistics.median(svg(line, PageFormat(), run) for run in range(runs)),
        page=statistics.median(svg(page, a4, run) for run in range(runs)),
        command=statistics.median(_command(line, run, weights=weights, threads=threads) for run in range(runs)),
    )


def _command(text: str, seed: int, *, weights: str, threads: int) -> float:
    """Seconds that `handwrite synth` takes from its start to the SVG file."""
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        options = ["-o", f"{folder}/line.svg", "--weights", weights, "--threads", str(threads), "--seed", str(seed)]
        subprocess.run([sys.executable, "-m", "handwrite", "synth", text, *options], check=True, capture_output=True)
    return time.perf_counter() - begin


def weights_in_a_step(net: SynthNet) -> int:
    """How many weights every step has to read: all but the embeddings and what reads the text."""
    once = ("symbol", "context", "writer")
    return sum(value.numel() for name, value in net.named_parameters() if name.split(".")[0] not in once)


def product_seconds(weights: int, *, columns: int, repeats: int = 300) -> float:
    """Median seconds of the float32 product of a matrix of so many weights with a matrix of so many columns."""
    inner = 1024
    matrix, other = torch.randn(weights // inner, inner), torch.randn(inner, columns)
    seconds = []
    for _ in range(repeats):
        begin = time.perf_counter()
        torch.mm(matrix, other) if columns > 1 else torch.mv(matrix, other[:, 0])
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds[repeats // 10 :])


def table(speeds: Sequence[Speed], *, weights: int) -> str:
    """The figures, a column for each number of lines."""
    rows = (
        ("points/s", [f"{speed.points_per_second:,.0f}" for speed in speeds]),
        ("characters/s", [f"{speed.characters_per_second:,.0f}" for speed in speeds]),
        ("plain eager loop, points/s", [f"{speed.plain_points_per_second:,.0f}" for speed in speeds]),
        ("times as fast as the plain loop", [f"{speed.ratio:.2f}" for speed in speeds]),
        (f"bound: reading {weights * 4 / 1e6:.1f} MB a step, points/s", [f"{s.reading_bound:,.0f}" for s in speeds]),
        ("bound: the bare products, points/s", [f"{speed.product_bound:,.0f}" for speed in speeds]),
        ("", [f"{speed.lines} line{'s' * (speed.lines > 1)}" for speed in speeds]),
    )
    return "\n".join(
        f"{label:44}" + "".join(f"{cell:>12}" for cell in cells) for label, cells in (rows[-1], *rows[:-1])
    )


def main() -> int:
    """Measure and print; 2 when the weights cannot be used."""
    options = options_parser("How fast the synthesizer draws.", weights="synth").parse_args()
    load = load_average()
    try:
        synthesizer = Synthesizer.load(options.weights, device="cpu", threads=options.threads)
    except HandwriteError as error:
        print(f"benchmarks/synth.py: {error}", file=sys.stderr)
        return 2
    speeds = [measure(synthesizer, lines=lines, runs=options.runs) for lines in SIZES]
    waiting = wait(synthesizer, weights=options.weights, threads=options.threads, runs=options.runs)
    weights = weights_in_a_step(synthesizer.net)
    if options.json:
        found = {"threads": options.threads, "load": load, "weights_in_a_step": weights}
        found |= {"speeds": [asdict(speed) | {"ratio": speed.ratio} for speed in speeds], "seconds": asdict(waiting)}
        print(json.dumps(found, indent=2))
    else:
        print(table(speeds, weights=weights))
        print(f"seconds to svg: a line of {len(LINE)} characters {waiting.line:.2f}, a page of 30 such lines ", end="")
        print(f"{waiting.page:.2f}; the command from its start, for a line, {waiting.command:.2f}")
        print(f"{options.threads} threads, bias {DEFAULT_BIAS}, median of {options.runs} runs; load before: {load:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
