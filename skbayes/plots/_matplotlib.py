"""The one gate to matplotlib, which only drawing needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = [
    "COLOURS",
    "LINE_STYLES",
    "SIZE",
    "STATUS_MARKS",
    "StatusMark",
    "axes",
    "figure",
    "log_axis",
    "seconds_axis",
    "styled",
]

#: Told apart with any colour vision, on white and in grey (Okabe and Ito): blue, vermilion, green, purple.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
#: Beside the colour, for print without it.
LINE_STYLES = ("-", "--", "-.", ":")
#: Width and height of a new figure in inches: that of a notebook's column.
SIZE = (7.0, 4.5)


@dataclass(frozen=True)
class StatusMark:
    """How the end of a trial is shown.

    Parameters
    ----------
    label : str
        For the legend.
    colour : str
        As RGB in hexadecimal.
    marker : str
        matplotlib's name of the shape.
    hatch : str
        matplotlib's pattern for a surface, empty for none.
    """

    label: str
    colour: str
    marker: str
    hatch: str


#: Each by shape and by colour: neither needs the other.
STATUS_MARKS = {
    "complete": StatusMark("complete", "#0072B2", "o", ""),
    "pruned": StatusMark("pruned", "#56B4E9", "v", "//"),
    "failed": StatusMark("failed", "#D55E00", "X", "xx"),
    "timeout": StatusMark("timeout", "#E69F00", "s", "\\\\"),
    "memory": StatusMark("out of memory", "#CC79A7", "D", ".."),
}


def axes(ax: Any, what: str) -> Any:
    """Return the axes given, or those of a new figure.

    Raises
    ------
    ImportError
        Without matplotlib.
    """
    return ax if ax is not None else figure(what).add_subplot()


def figure(what: str, size: tuple[float, float] = SIZE) -> Any:
    """Return a new figure without axes.

    Parameters
    ----------
    what : str
        The display that asks, for the message.
    size : tuple of (float, float)
        Width and height in inches.

    Raises
    ------
    ImportError
        Without matplotlib.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{what} needs matplotlib, which is not installed. Run: pip install matplotlib"
        ) from error
    return plt.figure(figsize=size, layout="constrained")


def styled(
    artist: type, defaults: Mapping[str, Any], given: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return the properties of an artist: what the caller gave wins, by whatever alias (``lw``, ``c``).

    Parameters
    ----------
    artist : type
        matplotlib's class of what is drawn, such as ``matplotlib.lines.Line2D``.
    defaults, given : mapping of str to object
        Properties.
    """
    from matplotlib.cbook import normalize_kwargs

    style, wanted = (normalize_kwargs(dict(each or {}), artist) for each in (defaults, given))
    if wanted.keys() & {"c", "color"}:
        # One colour for all of it, and `scatter` takes one of these words only.
        for name in ("c", "color", "facecolor", "edgecolor"):
            style.pop(name, None)
    return style | wanted


def seconds_axis(axis: Any, length: float) -> None:
    """Give an axis whose data are seconds ticks that are round in a longer unit.

    Parameters
    ----------
    axis : matplotlib.axis.Axis
        ``ax.xaxis`` or ``ax.yaxis``.
    length : float
        Seconds of the unit.
    """
    from ._ticks import Multiples, Plain

    axis.set_major_locator(Multiples(length))
    axis.set_major_formatter(Plain(unit=length))


def log_axis(axis: Any) -> None:
    """Make an axis logarithmic, with plain numbers at 1, 2 and 5 of each decade.

    Parameters
    ----------
    axis : matplotlib.axis.Axis
        ``ax.xaxis`` or ``ax.yaxis``.
    """
    from matplotlib.ticker import LogLocator, NullFormatter

    from ._ticks import Plain

    set_scale = axis.axes.set_xscale if axis.axis_name == "x" else axis.axes.set_yscale
    set_scale("log")
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(Plain())
    axis.set_minor_formatter(NullFormatter())
