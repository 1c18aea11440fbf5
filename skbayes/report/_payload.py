"""All that a page shows, as plain objects."""

from datetime import UTC, datetime
from typing import Any

from .._version import __version__
from ._charts import importance_of, parallel_of, pareto_of, timeline_of, trials_of
from ._material import Material, material_of
from ._reproduce import environment, reproduce
from ._summary import errors_of, incumbent_of, remark_of, summary_of
from ._table import codes_of, table_of

__all__ = ["payload_of", "report_data"]


def report_data(
    search: Any,
    *,
    title: str | None = None,
    space: Any = None,
    metric: str | None = None,
    importances: bool = True,
) -> dict[str, Any]:
    """Return what the page of a search shows, as plain Python objects.

    Parameters
    ----------
    search : fitted search, Optimizer, History, iterable of Trial, or path-like
        As for `write`.
    title : str, default=None
        As for `write`.
    space : dict, list of dict, list of Dimension or Space, default=None
        As for `write`.
    metric : str, default=None
        As for `write`.
    importances : bool, default=True
        Whether to compute the importance of the parameters, which takes longer than all the rest.

    Returns
    -------
    data : dict
        ``title``, ``subtitle``, ``written``, ``skbayes``, ``score_name``, ``summary``, ``incumbent``, ``columns`` (the
        table), ``codes`` (the parameters of each row as Python code), ``remark``, ``trials`` (what all pictures
        share), ``parallel``, ``importance``, ``timeline``, ``pareto``, ``errors``, ``environment`` and ``reproduce``.
        Dicts, lists, texts, numbers and None alone; what cannot be shown has an entry ``missing`` that says why.

    Raises
    ------
    NotFittedError
        If the search is not fitted.
    TypeError
        If `search` is none of these.
    ValueError
        If there is no such metric.

    See Also
    --------
    write : Writes the page.

    Examples
    --------
    >>> from skbayes.optimizer import History, Trial
    >>> from skbayes.report import report_data
    >>> data = report_data(History((Trial(0, {"C": 0.1}, 0.91), Trial(1, {"C": 1.0}, 0.93))))
    >>> data["incumbent"]["params"]
    [['C', 1.0]]
    >>> [column["label"] for column in data["columns"]]
    ['candidate', 'status', 'score', 'C']
    """
    return payload_of(material_of(search, space, metric), title=title, importances=importances)


def payload_of(
    material: Material, *, title: str | None = None, importances: bool = True
) -> dict[str, Any]:
    """Return what a page shows of a material; see `report_data`."""
    heading, subtitle = _headings(material)
    skipped = {"missing": "The importance of the parameters was not asked for."}
    return {
        "title": heading if title is None else str(title),
        "subtitle": subtitle,
        "written": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "skbayes": __version__,
        "score_name": material.source.score_name,
        "summary": summary_of(material),
        "incumbent": incumbent_of(material),
        "columns": table_of(material),
        "codes": codes_of(material),
        "remark": remark_of(material),
        "trials": trials_of(material),
        "parallel": parallel_of(material),
        "importance": importance_of(material) if importances else skipped,
        "timeline": timeline_of(material),
        "pareto": pareto_of(material),
        "errors": errors_of(material),
        "environment": environment(material),
        "reproduce": reproduce(material),
    }


def _headings(material: Material) -> tuple[str, str]:
    """Name of the search, and a line of what it is of."""
    if material.search is None:
        name = material.source.name
        if material.header is not None:
            return material.header.search, f"journal {name}"
        return name[:1].upper() + name[1:], ""
    estimator = material.search.estimator
    steps = getattr(estimator, "steps", None)
    inner = ""
    if isinstance(steps, list):
        inner = " → ".join(
            step if isinstance(step, str) else type(step).__name__ for _, step in steps
        )
    return f"{type(material.search).__name__} of {type(estimator).__name__}", inner
