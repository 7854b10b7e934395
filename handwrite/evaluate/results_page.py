"""All figures of `evaluate all` as Markdown, which reads well in a terminal too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from handwrite.evaluate.diversity import Spread
from handwrite.evaluate.everything import Everything, Hand
from handwrite.evaluate.recognition import Rate
from handwrite.evaluate.recovery import Figure, Group, Row

ORDER = ("local_order", "stroke_tau", "starts", "velocity_r", "ldtw", "aiou", "on_ink")
ORDER_TITLES = ("local order", "stroke tau", "starts", "velocity r", "LDTW", "AIoU", "on ink")
SHARES = ("starts", "on_ink")


def results_page(found: Everything) -> str:
    """The tables, each under a heading."""
    parts = (_synthesis(found), _variety(found), _recognition(found), _recovery(found), _read_again(found))
    return "\n\n".join("\n".join(lines) for lines in (*parts, _speeds(found))) + "\n"


def _synthesis(found: Everything) -> Iterator[str]:
    people, chosen = found.hands[0], found.hand(f"bias {found.bias:g}")
    yield "## What the recognizer reads in written lines"
    yield ""
    yield (
        f"The texts of {people.legibility.lines:,} real lines, written again; styles and hard texts at bias "
        f"{found.bias:g}. The recognizer never saw synthetic ink; joined CER, greedy, with 95 % intervals."
    )
    yield ""
    yield from _table(
        ("hand", "lines", "CER", "words lost", "repeated", "run on", "of words"), map(_legible, found.hands)
    )
    yield ""
    ratio = chosen.legibility.cer.value / people.legibility.cer.value
    more = chosen.legibility.faults.share - people.legibility.faults.share
    yield f"At bias {found.bias:g} the CER is {ratio:.2f} times that of people, words wrong {100 * more:+.2f} points."


def _legible(hand: Hand) -> Sequence[str]:
    one = hand.legibility
    faults = one.faults
    counts = (str(count) for count in (faults.lost, faults.repeated, faults.run_on))
    return hand.name, f"{one.lines:,}", _rate(one.cer), *counts, f"{100 * faults.share:.2f} %"


def _variety(found: Everything) -> Iterator[str]:
    yield "## How lines vary"
    yield ""
    yield "Mean over lines ± standard deviation: degrees of slant; size of a line over its writer's; x-heights in a"
    yield "second with the pen down; x-heights of width for each character."
    yield ""
    rows = (
        (hand.name, *(_spread(getattr(hand.diversity, name)) for name in ("slant", "size", "speed", "spacing")))
        for hand in found.hands
    )
    yield from _table(("hand", "slant", "size", "speed", "spacing"), rows)


def _recognition(found: Everything) -> Iterator[str]:
    greedy, beam = (found.recognition[name].recognition for name in ("greedy", "beam"))
    yield "## Recognition"
    yield ""
    yield "Joined CER, greedy and with the language model, and how far the confidences of words are off (15 bins)."
    yield ""
    rows = (
        (name, f"{row.lines:,}", _rate(row.cer), _rate(beam.sources[name].cer), f"{100 * row.calibration.error:.2f} %")
        for name, row in greedy.sources.items()
    )
    yield from _table(("source", "samples", "CER greedy", "CER with language model", "calibration greedy"), rows)


def _recovery(found: Everything) -> Iterator[str]:
    yield "## Recovery"
    yield ""
    yield "Point order within 0.2 heights, stroke order, starts within 10 % of the height, log speed, distance in glyph"
    yield "heights, overlap with the true ink, and how much of the path lies within 2 pixels of the image's ink."
    yield ""
    rows = (row for group in found.recovery.groups for row in _recovered(group))
    yield from _table(("samples", "method", *ORDER_TITLES), rows)


def _recovered(group: Group) -> Iterator[Sequence[str]]:
    level = "words of lines" if group.level == "line" else f"{group.level}s"
    for number, (method, row) in enumerate(group.methods.items()):
        title = f"{group.source} {group.script} {level}, {row.samples:,}" if number == 0 else ""
        yield title, method, *(_figure(name, row) for name in ORDER)
    if group.two_people:
        yield "", "two people", "", f"{group.two_people.value:.2f}", *[""] * (len(ORDER) - 2)


def _read_again(found: Everything) -> Iterator[str]:
    yield "## What the ink reader reads in recovered words"
    yield ""
    yield "Characters read rightly in ink as it was recorded, and as it was recovered from its picture."
    yield ""
    methods = list(found.recovery.per_second)
    rows = (
        (read.source, f"{read.recorded.samples:,}", _share(read.recorded), *(_share(read.methods[m]) for m in methods))
        for read in found.recovery.reading
    )
    yield from _table(("source", "words", "recorded", *methods), rows)


def _speeds(found: Everything) -> Iterator[str]:
    yield "## Speed"
    yield ""
    yield "On this machine; plain is a loop over torch's cells for synth, and one image after another for the others."
    yield ""
    rows = (
        (name, f"{speed.value:,.1f} {speed.unit}/s", f"{speed.plain:,.1f} {speed.unit}/s", f"{speed.ratio:.1f}")
        for name, speed in found.speeds.items()
    )
    yield from _table(("model", "speed", "plain", "ratio"), rows)


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A Markdown table whose columns are aligned in the source too."""
    cells = [tuple(titles), *(tuple(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "| " + " | ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    yield lines[0]
    yield "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    yield from lines[1:]


def _rate(rate: Rate) -> str:
    return f"{100 * rate.value:.2f} % ({100 * rate.low:.2f}, {100 * rate.high:.2f})"


def _share(figure: Figure) -> str:
    return f"{100 * figure.value:.1f} % ({100 * figure.low:.1f}, {100 * figure.high:.1f})"


def _spread(spread: Spread) -> str:
    return f"{spread.mean:.2f} ± {spread.deviation:.2f}"


def _figure(name: str, row: Row) -> str:
    figure: Figure | None = getattr(row, name)
    if figure is None:
        return "-"
    return (
        f"{100 * figure.value:.0f} %"
        if name in SHARES
        else f"{figure.value:.3f}"
        if name == "ldtw"
        else f"{figure.value:.2f}"
    )
