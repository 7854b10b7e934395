"""SIGINT and SIGTERM heard as a wish to stop, so that a training ends between two steps with its work kept.

What is kept, and what is said, is known to the loop and to the command.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType

Handler = Callable[[int, FrameType | None], object] | int | None


class StopWish:
    """Use it with `with`; `heard` turns true when SIGINT or SIGTERM comes. A second SIGINT interrupts at once.

    Signals that were ignored stay ignored, and none is heard outside the main thread, where Python takes none.
    """

    def __init__(self) -> None:
        self.heard = False
        self._before: dict[signal.Signals, Handler] = {}

    def __enter__(self) -> StopWish:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    self._before[number] = signal.signal(number, self._hear)
        return self

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.heard = True
        if number == signal.SIGINT:
            signal.signal(number, self._before[signal.SIGINT])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
