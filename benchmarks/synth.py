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

import numpy as np
import torch
from benchmark_options import load_average, options_parser
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import softplus

from handwrite.errors import HandwriteError
from handwrite.evaluate.texts import SENTENCES
from handwrite.formats import encode
from handwrite.synth import DEFAULT_BIAS
from handwrite.synth.layout import PageFormat, layout
from handwrite.synth.mixture import biased, split
from handwrite.synth.model import SynthNet
from handwrite.synth.predict import Synthesizer, orders
from handwrite.synth.sampler import draw, max_points

LINE = "The train leaves at 9:45 every Saturday."
SIZES = (1, 32)
"""Lines at once."""

Texts = Sequence[NDArray[np.int64]]


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


class PlainNet(nn.Module):
    """The same network as one would first write it: torch's cells, every input formed anew in each step."""

    def __init__(self, net: SynthNet) -> None:
        super().__init__()
        size, channels = net.config.hidden, net.config.text_channels
        self.writer, self.attend, self.leave = net.writer, net.attend, net.leave
        self.first = nn.LSTMCell(net.enter.in_features + channels, size)
        self.second = nn.LSTMCell(net.second.input_size, size)
        first = (torch.cat([net.enter.weight, net.recurrent[:channels].T], 1), net.recurrent[channels:].T)
        biases = (net.enter.bias, torch.zeros_like(net.enter.bias))
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        self.first.load_state_dict(dict(zip(names, (*first, *biases), strict=True)))
        self.second.load_state_dict({name: getattr(net.second, f"{name}_l0") for name in names})

    def start(self, batch: int, channels: int, gaussians: int) -> tuple[Tensor, ...]:
        """Hidden and cell of both layers, window and kappa."""
        size = self.first.hidden_size
        return tuple(torch.zeros(batch, width) for width in (size, size, size, size, channels, gaussians))

    def forward(
        self, offset: Tensor, text: Tensor, writer: Tensor, state: tuple[Tensor, ...]
    ) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        """One step, as `SynthNet.step`."""
        hidden, cell, above, above_cell, window, kappa = state
        inputs = torch.cat([offset, self.writer(writer)], 1)
        hidden, cell = self.first(torch.cat([inputs, window], 1), (hidden, cell))
        alpha, beta, step = self.attend(hidden).chunk(3, 1)
        kappa = kappa + softplus(step)
        place = torch.arange(1, text.shape[1] + 2)
        bells = torch.exp(alpha)[:, :, None] * torch.exp(
            -torch.exp(beta)[:, :, None] * (kappa[:, :, None] - place) ** 2
        )
        phi = bells.sum(1)
        window = (phi[:, :-1, None] * text).sum(1)
        above, above_cell = self.second(torch.cat([inputs, window, hidden], 1), (above, above_cell))
        values = self.leave(torch.cat([hidden, above], 1))
        return values, phi, (hidden, cell, above, above_cell, window, kappa)


@torch.no_grad()
def draw_plainly(net: SynthNet, texts: Texts, *, seed: int) -> int:
    """Draw the texts with the plain loop until all are done; the number of points that belong to them."""
    generator = torch.Generator().manual_seed(seed)
    plain = PlainNet(net).eval()
    lengths = torch.tensor([len(text) for text in texts])
    symbols = nn.utils.rnn.pad_sequence([torch.from_numpy(text) for text in texts], batch_first=True)
    text, writer = net.read(symbols), torch.zeros(len(texts), dtype=torch.int64)
    state = plain.start(len(texts), net.config.text_channels, net.config.gaussians)
    offset, done, points = torch.zeros(len(texts), 3), torch.zeros(len(texts), dtype=torch.bool), 0
    limits = torch.tensor([max_points(len(text)) for text in texts])
    for step in range(int(limits.max())):
        values, phi, state = plain(offset, text, writer, state)
        after = phi.gather(1, lengths[:, None])[:, 0]
        inside = torch.arange(phi.shape[1]) < lengths[:, None]
        done |= ((after > (phi * inside).amax(1)) & (offset[:, 2] > 0.5)) | (step >= limits)
        if bool(done.all()):
            break
        offset = _point(values, generator)
        points += int((~done).sum())
    return points


def _point(values: Tensor, generator: torch.Generator) -> Tensor:
    """A point (B, 3) from the mixture's values."""
    mixture = biased(split(values), torch.tensor(DEFAULT_BIAS))
    component = torch.multinomial(torch.softmax(mixture.weight, 1), 1, generator=generator)[:, 0]
    rows = torch.arange(len(values))
    sigma, rho = torch.exp(mixture.log_sigma[rows, component]), mixture.rho[rows, component]
    x, y = torch.randn(2, len(values), generator=generator)
    normal = torch.stack([x, rho * x + torch.sqrt(1 - rho**2) * y], 1)
    pen_up = torch.bernoulli(torch.sigmoid(mixture.pen_up), generator=generator)
    return torch.cat([mixture.mean[rows, component] + sigma * normal, pen_up[:, None]], 1)


def measure(synthesizer: Synthesizer, *, lines: int, runs: int) -> Speed:
    """The median speeds of so many runs, after one to warm up."""
    texts = [synthesizer.alphabet.encode(synthesizer.prepare(text)[0][0]) for text in SENTENCES[:lines]]
    net, weights = synthesizer.net, weights_in_a_step(synthesizer.net)

    def ours(run: int) -> int:
        style, bias = net.writer.weight[:1].detach().expand(lines, -1), torch.full((lines,), DEFAULT_BIAS)
        traces = draw(net, texts, style=style, bias=bias, seeds=[(run, row) for row in range(lines)])
        return sum(len(trace.offsets) - 1 for trace in traces)

    drawn = _runs(ours, runs)
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
