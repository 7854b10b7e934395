"""`handwrite train lm`: plain text to a language model. Options, then one call."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from handwrite.cli.options import read_text
from handwrite.cli.progress import say
from handwrite.core.files import check_writable
from handwrite.errors import InputError, OptionError

UNSTATED = "not stated"
MEGABYTE = 1_000_000


def lm(
    texts: Annotated[list[Path], typer.Argument(metavar="TEXT...", help="UTF-8 text files; - is stdin.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where the model goes.")] = Path(
        "lm.safetensors"
    ),
    order: Annotated[int, typer.Option("--order", metavar="N", help="Characters of the longest n-grams.")] = 6,
    max_megabytes: Annotated[float, typer.Option("--max-megabytes", metavar="M", help="The file's size at most.")] = 8,
    weights: Annotated[
        str | None,
        typer.Option("--for", metavar="WEIGHTS", show_default=False, help="Respell in the characters of a recognizer."),
    ] = None,
    licence: Annotated[str, typer.Option("--licence", metavar="TEXT", help="Of the texts, for the record.")] = UNSTATED,
) -> None:
    """Make a language model for `recognize` from plain text.

    By it the recognizer tells likely readings from others.

    \b
    handwrite train lm war-and-peace.txt shakespeare.txt -o lm.safetensors --licence "public domain"
    handwrite train lm letters.txt -o letters.safetensors --for recognize

    \b
    Every tenth block of the texts is held out to measure the model. A character
    that the recognizer reads and the texts spell otherwise, such as ' for ’,
    is improbable in its eyes; --for respells the texts.
    """
    if not 0 < max_megabytes < float("inf"):
        raise OptionError(f"--max-megabytes {max_megabytes:g}: must be above 0")
    check_writable(output)
    from handwrite.core.alphabet import Alphabet
    from handwrite.core.checkpoint import load_checkpoint
    from handwrite.recognize.lm_training import train_measured

    alphabet = Alphabet(load_checkpoint(weights, kind="recognize").header.alphabet) if weights else None
    contents = [_read(path) for path in texts]
    model, bits = train_measured(contents, alphabet=alphabet, order=order, max_bytes=round(max_megabytes * MEGABYTE))
    model.save(output, corpora={path.stem: licence for path in texts}, scores={"bits_per_character": bits})
    say(f"{bits:.3f} bits per character on a tenth of the text that was held out")
    say(f"wrote {output}, {output.stat().st_size / MEGABYTE:.2f} MB")


def _read(path: Path) -> str:
    text = read_text(path)
    if not text.strip():
        raise InputError(f"{path}: no text in it; give plain text")
    return text
