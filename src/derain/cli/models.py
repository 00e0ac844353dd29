"""``derain models``: what ships."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter


def models(name: str = "", /, *, json: Annotated[bool, Parameter(negative=())] = False) -> None:
    """List the models, or show the card of one.

    Parameters
    ----------
    name
        A model, to show its whole card.
    json
        Print JSON.
    """
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.table import Table

    from derain.zoo import card_markdown, load_model, model_names

    cards = [load_model(n).card for n in ([name] if name else model_names())]
    if json:
        print("[" + ",".join(card.to_json() for card in cards) + "]")
        return
    console = Console()
    if name:
        console.print(Markdown(card_markdown(cards[0])))
        return
    table = Table("model", "parameters", "MMAC/pixel", "what it is")
    for card in cards:
        table.add_row(card.name, f"{card.parameters:,}", f"{card.mmac_per_pixel:.3f}", card.summary)
    console.print(table)
