"""Does written ink help the recognizer to read real scans? Fine-tunes it with and without, and says how each reads.

`python recipes/use_of_synthesis.py --text book.txt --data iam.h5 --data unipen.h5 --test scans.h5` writes lines of the
book by every hand that the synthesizer learned, then goes on training from the recognizer that ships, each seed
once with these lines among the data and once without, all for the same number of steps. What was written or trained
already in the folder of --out is taken as it is, and a training that was cut off goes on. The weights that ship have
seen no such line; those of this recipe are for this table alone.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from handwrite.core.store import Sample, StoreWriter
from handwrite.synth.hands import Hand
from handwrite.synth.predict import Order, Synthesizer
from handwrite.train.loop import BEST, STATE

SOURCE = "synthesizer"
LICENCE = "written by the synthesizer of handwrite; as its weights, for non-commercial research"
WORDS = (3, 10)
"""Words of a line, at least and below."""

BIASES = (0.0, 0.75)
HANDWRITE = (sys.executable, "-m", "handwrite")
SEEDS = (1, 2)
ROWS = ("without", "with")


def main() -> None:
    """Write, train and print the table."""
    options = _options()
    written = options.out / "written.h5"
    if not written.exists():
        write(written, options.text.read_text(encoding="utf-8"), lines=options.lines)
    print("| lines of the synthesizer | seed | joined CER, greedy, and its 95 % interval |\n|---|---|---|")
    print(f"| the weights that ship | - | {_error_rate('recognize', options.test)} |", flush=True)
    for seed in SEEDS:
        for row in ROWS:
            data = [*options.data, written] if row == "with" else options.data
            weights = trained(options.out / f"{row}-{seed}", data, seed=seed, steps=options.steps)
            print(f"| {row} | {seed} | {_error_rate(str(weights), options.test)} |", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=Path, required=True, help="a book, as plain text")
    parser.add_argument("--data", type=Path, action="append", required=True, help="what the recognizer learns from")
    parser.add_argument("--test", type=Path, required=True, help="what it is measured on, split test")
    parser.add_argument("--lines", type=int, default=6000, help="how many lines are written")
    parser.add_argument("--steps", type=int, default=1900, help="of each training; about 20 minutes on two cores")
    parser.add_argument("--out", type=Path, default=Path("runs/use-of-synthesis"), help="where all of it goes")
    return parser.parse_args()


def write(path: Path, book: str, *, lines: int) -> None:
    """A store of lines that the window was content with, in all hands in turn, each with its own bias."""
    path.parent.mkdir(parents=True, exist_ok=True)
    synthesizer = Synthesizer.load()
    rng = np.random.default_rng(0)
    texts, _ = synthesizer.prepare("\n".join(cut(book, lines, rng=rng)))
    hands = [Hand(f"hand-{number}", style) for number, style in enumerate(synthesizer.net.writer.weight.detach())]
    orders = [Order(text, hands[number % len(hands)], float(rng.uniform(*BIASES))) for number, text in enumerate(texts)]
    with StoreWriter(path, licences={SOURCE: LICENCE}) as store:
        for number, (order, line) in enumerate(zip(orders, synthesizer.write(orders), strict=True)):
            if not line.problems:
                store.add(Sample(line.ink, line.text, SOURCE, str(number), writer=order.hand.name, split="train"))


def cut(book: str, lines: int, *, rng: np.random.Generator) -> Iterator[str]:
    """So many lines of a few words each, from all over the book."""
    words = book.split()
    if len(words) <= WORDS[1]:
        raise SystemExit(f"--text: {len(words)} words are no book; give more than {WORDS[1]}")
    for start in rng.integers(len(words) - WORDS[1], size=lines).tolist():
        yield " ".join(words[start : start + int(rng.integers(*WORDS))])


def trained(out: Path, data: Sequence[Path], *, seed: int, steps: int) -> Path:
    """The weights of a run of `handwrite train recognize` that goes on from those that ship."""
    command = [*HANDWRITE, "train", "recognize", "--processes", "2", "--seed", str(seed), "--max-steps", str(steps)]
    command += ["--learning-rate", "0.0008", "--validate-every", "475", "--out", str(out)]
    command += [part for file in data for part in ("--data", str(file))]
    resumed = (out / STATE).exists()
    subprocess.run([*command, *(["--resume"] if resumed else ["--from", "recognize"])], check=True)
    return out / BEST


def _error_rate(weights: str, test: Path) -> str:
    command = [*HANDWRITE, "evaluate", "recognize", "--decoder", "greedy", "--json", "--weights", weights]
    told = subprocess.run([*command, "--data", str(test)], check=True, capture_output=True, text=True).stdout
    [source] = json.loads(told)["recognition"]["sources"].values()
    rate = source["cer"]
    return f"{100 * rate['value']:.2f} % ({100 * rate['low']:.2f}, {100 * rate['high']:.2f})"


if __name__ == "__main__":
    main()
