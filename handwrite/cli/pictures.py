"""The PNG files that commands draw besides their results."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from handwrite.cli.progress import say
from handwrite.core.files import check_writable, write_atomic
from handwrite.errors import OptionError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def check_picture(option: str, path: Path | None) -> None:
    """Raises OptionError unless the name ends in .png, InputError when nothing can be written there; None is fine."""
    if path is None:
        return
    if path.suffix.lower() != ".png":
        raise OptionError(f"{option} {path}: a picture is a PNG; give a name that ends in .png")
    check_writable(path)


def write_picture(path: Path, image: NDArray[np.uint8]) -> None:
    """Write an image (H, W) or (H, W, 3), BGR, and say so."""
    import cv2

    write_atomic(path, cv2.imencode(".png", image)[1].tobytes())
    say(f"wrote {path}")
