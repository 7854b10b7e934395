"""Ranks a run's writers by how well they can be read: `python recipes/hands.py runs/synth/best.safetensors`.

Each writer's hand writes the lines below once, and the proofreader says how hard they are to read, in nats per
character. The best ones make good styles; none of the texts is among those that `handwrite evaluate` writes.
"""

from __future__ import annotations

import argparse

import numpy as np
from numpy.typing import NDArray

from handwrite.core.checkpoint import load_checkpoint
from handwrite.synth.hands import Hand
from handwrite.synth.predict import DEFAULT_BIAS, Order, Synthesizer

TEXTS = (
    "Thank you so much for your letter of 14 March.",
    "It arrived on a grey Tuesday morning; we met.",
    "Peter says hello. He has 37 apples, Zoe has 56.",
    "Room 208, Quay Street, Exeter, 9:30 a.m.!",
    "What immortal hand or eye, could frame thee?",
    "The big box of 12 jazzy quilts will expire.",
)
WORST = 5.0
"""Nats that count at most, so that one line that went astray does not hide the others."""


def main() -> None:
    """Read the arguments, write, and print the writers, the best first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", help="the weights, a file or a name")
    parser.add_argument("--shown", type=int, default=40, help="how many writers are printed")
    options = parser.parse_args()
    writers = load_checkpoint(options.weights, kind="synth").header.statistics["writers"]
    nats = _nats(Synthesizer.load(options.weights), len(writers))
    for number in np.argsort(nats)[: options.shown].tolist():
        print(f"{nats[number]:.3f}  {writers[number] or 'nobody'}")


def _nats(synthesizer: Synthesizer, writers: int) -> NDArray[np.float64]:
    """(writers,) the mean of each writer's lines at their first attempt."""
    texts = [synthesizer.prepare(text)[0][0] for text in TEXTS]
    hands = [Hand(str(number), style) for number, style in enumerate(synthesizer.net.writer.weight[:writers].detach())]
    orders = (Order(text, hand, DEFAULT_BIAS) for hand in hands for text in texts)
    nats = [min(line.nats, WORST) for line in synthesizer.write(orders, attempts=1)]
    return np.array(nats).reshape(writers, len(texts)).mean(axis=1)


if __name__ == "__main__":
    main()
