"""The same texts in several hands: as people wrote them, and as the synthesizer writes them at each bias and in each
style. What is measured on them is the work of others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from handwrite.core.ink import Ink
from handwrite.synth.data import Line
from handwrite.synth.predict import Order, Synthesizer

BIASES = (0.0, 0.25, 0.5, 0.75, 1.0)

Report = Callable[[int], object]


@dataclass(frozen=True)
class Specimen:
    """Lines of one hand, or of people. inks : in x-heights. texts : what they say. writers : of people's lines, "" for
    a synthesizer's."""

    name: str
    inks: tuple[Ink, ...]
    texts: tuple[str, ...]
    writers: tuple[str, ...]


@dataclass(frozen=True)
class Specimens:
    """people : real lines. by_bias : the same texts in the default hand. by_style : in each style its share of them, at
    one bias. hard : texts that nobody wrote, in the default hand at that bias."""

    people: Specimen
    by_bias: dict[float, Specimen]
    by_style: dict[str, Specimen]
    hard: Specimen

    @property
    def styles_together(self) -> Specimen:
        """The lines of all styles as one specimen."""
        parts = self.by_style.values()
        return Specimen(
            "all styles",
            tuple(ink for part in parts for ink in part.inks),
            tuple(text for part in parts for text in part.texts),
            tuple(writer for part in parts for writer in part.writers),
        )


def write_specimens(
    synthesizer: Synthesizer,
    lines: Sequence[Line],
    hard: Sequence[str],
    *,
    bias: float,
    seed: int = 0,
    report: Report = lambda lines: None,
) -> Specimens:
    """Write the texts of real lines, at least one for each style, and hard ones. bias : one of `BIASES`. report :
    called with the number of lines written since; there are `written_lines` of them."""
    texts, styles = [line.text for line in lines], synthesizer.styles

    def specimen(name: str, texts: Sequence[str], *, bias: float, style: str | None = None) -> Specimen:
        hand, inks = synthesizer.hand(style), []
        orders = (Order(" ".join(synthesizer.prepare(text)[0]), hand, bias) for text in texts)
        for line in synthesizer.write(orders, seed=seed):
            inks.append(line.ink)
            report(1)
        return Specimen(name, tuple(inks), tuple(texts), ("",) * len(texts))

    return Specimens(
        people=Specimen(
            "people", tuple(line.ink for line in lines), tuple(texts), tuple(line.writer for line in lines)
        ),
        by_bias={one: specimen(f"bias {one:g}", texts, bias=one) for one in BIASES},
        by_style={
            style: specimen(style, texts[number :: len(styles)], bias=bias, style=style)
            for number, style in enumerate(styles)
        },
        hard=specimen("hard texts", hard, bias=bias),
    )


def written_lines(real: int, hard: int) -> int:
    """How many lines are written for so many real ones and hard texts."""
    return real * (len(BIASES) + 1) + hard
