"""Averages weights: `python recipes/average.py OUT KIND FIRST OTHERS...`, files of runs that share a start.

The mean of several points that training went through after the same beginning often does better than each (Izmailov et
al. 2018, "Averaging weights leads to wider optima and better generalization"; Wortsman et al. 2022, "Model soups"). Of
a state (state.safetensors) the moving average counts. The header is the first's, without its scores.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from handwrite.core.checkpoint import load_checkpoint, save_checkpoint

AVERAGE = "average."
"""Begins the names of the moving average's tensors in a state."""


def main() -> None:
    """Read the arguments and write the mean."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="where the mean goes")
    parser.add_argument("kind", help="what the weights are of, such as recognize")
    parser.add_argument("first", type=Path, help="a checkpoint, whose header is kept")
    parser.add_argument("others", type=Path, nargs="+", help="checkpoints or states")
    options = parser.parse_args()
    header = load_checkpoint(options.first, kind=options.kind).header
    save_checkpoint(options.out, replace(header, scores={}), mean([options.first, *options.others]))


def mean(files: list[Path]) -> dict[str, Tensor]:
    """The mean of the weights in some files, float32; what is no floating-point number is the first's."""
    members = [_weights(file) for file in files]
    return {
        name: torch.stack([member[name].float() for member in members]).mean(0) if value.is_floating_point() else value
        for name, value in members[0].items()
    }


def _weights(file: Path) -> dict[str, Tensor]:
    tensors = load_file(file)
    averaged = {name.removeprefix(AVERAGE): value for name, value in tensors.items() if name.startswith(AVERAGE)}
    return averaged or tensors


if __name__ == "__main__":
    main()
