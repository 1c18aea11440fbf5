"""The one gate to matplotlib, which only drawing needs."""

from typing import Any

__all__ = ["COLOURS", "LINE_STYLES", "axes"]

#: Told apart with any colour vision, on white and in grey (Okabe and Ito): blue, vermilion, green, purple.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
#: Beside the colour, for print without it.
LINE_STYLES = ("-", "--", "-.", ":")


def axes(ax: Any, what: str) -> Any:
    """Return the axes given, or those of a new figure.

    Raises
    ------
    ImportError
        Without matplotlib.
    """
    if ax is not None:
        return ax
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f'{what} needs matplotlib, which is not installed. Run: pip install "skbayes[plots]"'
        ) from error
    return plt.subplots(figsize=(7.0, 4.5), layout="constrained")[1]
