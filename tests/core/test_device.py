"""Devices by name."""

from __future__ import annotations

import pytest
import torch

from handwrite.core.device import torch_device
from handwrite.errors import OptionError


@pytest.mark.parametrize(("there", "auto"), [(True, "cuda"), (False, "cpu")])
def test_auto_is_cuda_where_there_is_some(there: bool, auto: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert torch_device("auto").type == auto
    assert torch_device("cpu").type == "cpu"


def test_a_device_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(OptionError, match=r"device cuda: .*choose cpu"):
        torch_device("cuda")
