"""`handwrite evaluate`: measure a model. Each measurement has a module of its own."""

from __future__ import annotations

from handwrite.cli.evaluate_all import everything
from handwrite.cli.evaluate_lines import lines
from handwrite.cli.evaluate_recognize import recognize
from handwrite.cli.evaluate_recover import recover
from handwrite.cli.evaluate_synth import synth
from handwrite.cli.options import command_app

app = command_app()


@app.callback()
def evaluate() -> None:
    """Measure a model.

    \b
    handwrite evaluate synth --data iam.h5
    handwrite evaluate recognize --data iam.h5
    handwrite evaluate recover --data unipen.h5
    handwrite evaluate lines --data pages
    handwrite evaluate all --data iam.h5 --data unipen.h5
    """


app.command("synth")(synth)
app.command("recognize")(recognize)
app.command("recover")(recover)
app.command("lines")(lines)
app.command("all")(everything)
