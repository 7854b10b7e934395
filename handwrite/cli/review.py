"""Doubtful lines set aside: an image of each and a table of what was read, for a person to correct and to train on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from handwrite.cli.progress import say
from handwrite.core.files import make_folder, write_atomic
from handwrite.errors import OptionError

if TYPE_CHECKING:
    from handwrite.core.image import GreyImage
    from handwrite.core.reading import Line, Reading


class Review:
    """A folder of line images with lines.tsv, as `handwrite train recognize --data` takes it.

    threshold : lines of less confidence are doubtful. Raises OptionError when the folder holds something already, which
    may be a person's work; InputError when there can be no such folder.
    """

    def __init__(self, folder: Path, *, threshold: float) -> None:
        from handwrite.corpora.line_folder import TABLE

        self._folder, self._table, self._threshold = folder, folder / TABLE, threshold
        self._rows: list[tuple[str, str]] = []
        make_folder(folder)
        if any(folder.iterdir()):
            raise OptionError(f"--review {folder}: the folder is not empty; name a new one")

    def add(self, reading: Reading, *, image: GreyImage, stem: str) -> None:
        """Write the doubtful lines of a reading; their files' names begin with the stem."""
        from handwrite.formats.png import encode_image

        for number, line in enumerate(reading.lines, start=1):
            if line.confidence < self._threshold:
                file = f"{stem}-{number:02}.png"
                write_atomic(self._folder / file, encode_image(_seen(line, image)))
                self._rows.append((file, line.text))

    def close(self) -> None:
        """Write the table of what was set aside, if anything was, and say so."""
        from handwrite.corpora.line_folder import COLUMNS, OWN_SPLIT

        if not self._rows:
            say(f"no line has a confidence below {self._threshold:g}; nothing to review")
            return
        rows = [COLUMNS, *((file, text, "", OWN_SPLIT) for file, text in self._rows)]
        write_atomic(self._table, "".join("\t".join(row) + "\n" for row in rows).encode())
        say(f"wrote {len(self._rows):,} doubtful lines to {self._table}; correct their texts there")


def _seen(line: Line, image: GreyImage) -> GreyImage:
    """What the model saw of a line: cut from its page, or the whole image when that is the line."""
    from handwrite.core.lines import cut

    return image if line.outline == line.box.corners else cut(image, line.outline)[0]
