"""Makes the weights of a run those that ship: `python recipes/ship.py runs/synth NAME=WRITER...`.

Writes models/synth.safetensors, in half precision, with the writers as its styles under their new names: the first is
the default, the rest follow in the order given. Characters that nobody could read on a sheet of them are named with
--illegible, and are respelled from then on. The curve of the run goes to docs/. Nothing is trained or measured.
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
    parser.add_argument("style", nargs="*", help='a name and a writer, such as "ada=iam-ondb/10026"')
    parser.add_argument(
        "--illegible", default="", metavar="CHARACTERS", help="what is not to be written, but respelled"
    )
    options = parser.parse_args()
    styles = dict(style.split("=", 1) for style in options.style if "=" in style)
    if len(styles) < len(options.style):
        parser.error("each style is NAME=WRITER, and no name comes twice")
    checkpoint = load_checkpoint(options.run / BEST, kind="synth")
    known = checkpoint.header.statistics["writers"]
    missing = [writer for writer in styles.values() if writer not in known]
    if missing:
        parser.error(f"these weights do not know {', '.join(missing)}")
    named = {name: known.index(writer) for name, writer in styles.items()}
    statistics = checkpoint.header.statistics | {"styles": named, "illegible": options.illegible}
    target = ROOT / "models" / "synth.safetensors"
    save_checkpoint(target, replace(checkpoint.header, statistics=statistics), checkpoint.tensors)
    shutil.copy(options.run / "curve.png", ROOT / "docs" / "synth-curve.png")
    print(f"wrote {target.relative_to(ROOT)}, {target.stat().st_size / 1e6:.1f} MB, {len(styles)} styles")


if __name__ == "__main__":
    main()
