"""Where models run: "auto", "cpu" or "cuda" by name."""

from __future__ import annotations

import torch

from handwrite.errors import OptionError


def torch_device(name: str) -> torch.device:
    """The device of a name; "auto" is CUDA where there is some. Raises OptionError when there is none of that name."""
    if name not in ("auto", "cpu", "cuda"):
        raise OptionError(f"device {name}: no such device; choose auto, cpu or cuda")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise OptionError("device cuda: there is none that torch can use here; choose cpu")
    return torch.device(name)
