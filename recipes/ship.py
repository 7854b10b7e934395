"""Makes the weights of a run those that ship: `python recipes/ship.py runs/synth WRITER...`.

Writes models/synth.safetensors, in half precision, with the named writers as its styles: the first is the default, the
rest follow in the order given. The curve of the run goes to docs/. Nothing is trained or measured here.
"""

from __future__ import annotations

import argparse
import shutil
from dataclasses import replace
from pathlib import Path

from handwrite.core.checkpoint import load_checkpoint, save_checkpoint
from handwrite.train.loop import BEST

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Read the arguments, then write the weights and the curve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="the folder of the run")
    parser.add_argument("writer", nargs="*", help='a writer as "source/writer", such as iam-ondb/10026')
    options = parser.parse_args()
    checkpoint = load_checkpoint(options.run / BEST, kind="synth")
    known = checkpoint.header.statistics["writers"]
    missing = [writer for writer in options.writer if writer not in known]
    if missing:
        parser.error(f"these weights do not know {', '.join(missing)}")
    statistics = checkpoint.header.statistics | {"styles": [known.index(writer) for writer in options.writer]}
    target = ROOT / "models" / "synth.safetensors"
    save_checkpoint(target, replace(checkpoint.header, statistics=statistics), checkpoint.tensors)
    shutil.copy(options.run / "curve.png", ROOT / "docs" / "synth-curve.png")
    print(f"wrote {target.relative_to(ROOT)}, {target.stat().st_size / 1e6:.1f} MB, {len(options.writer)} styles")


if __name__ == "__main__":
    main()
