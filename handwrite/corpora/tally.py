"""What became of a corpus: the samples that were read and what was left out, and why.

Every reader of a corpus is a function `read(sources, *, progress) -> Iterator[Sample | Skipped]`; a `Tally` counts
what it yields. Nothing is printed here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from handwrite.core.store import Sample


@dataclass(frozen=True)
class Skipped:
    """Something that did not become samples.

    `name` is its own name in the corpus, `reason` says why, `group` is what a report sorts by (such as the
    contributor). `count` says how many samples are lost with it, 0 for a mere remark. `resolved` is true when the ink
    was found and left out on purpose.
    """

    name: str
    reason: str
    group: str = ""
    level: str = "line"
    count: int = 1
    resolved: bool = False


@dataclass
class Tally:
    """Counts of what a reader yields. `group` tells the group of a sample; the keys are (group, level) pairs.

    `read` became samples, `resolved` would have, had some not been left out on purpose; `skipped` lists what was left
    out by group, level and reason.
    """

    group: Callable[[Sample], str] = lambda sample: ""
    read: Counter[tuple[str, str]] = field(default_factory=Counter)
    resolved: Counter[tuple[str, str]] = field(default_factory=Counter)
    skipped: dict[tuple[str, str, str], list[Skipped]] = field(default_factory=lambda: defaultdict(list))

    def samples(self, items: Iterable[Sample | Skipped]) -> Iterator[Sample]:
        """Pass the samples on; count them and what was left out."""
        for item in items:
            if isinstance(item, Sample):
                self.read[self.group(item), item.level] += 1
                self.resolved[self.group(item), item.level] += 1
                yield item
            else:
                self.skipped[item.group, item.level, item.reason].append(item)
                self.resolved[item.group, item.level] += item.count if item.resolved else 0

    @property
    def lost(self) -> int:
        """How many samples were left out."""
        return sum(item.count for items in self.skipped.values() for item in items)
