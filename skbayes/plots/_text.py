"""Names and values as the texts of a picture: short enough for it, and nothing in them taken for a formula."""

import numbers
import re
from collections import Counter
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

__all__ = ["choice_texts", "literal", "short_names", "shortened", "value_text"]

# What a tick label of a value may take at most; longer ones push the axes out of the picture.
_VALUE_LENGTH = 24


def literal(text: str) -> str:
    """Return a text that matplotlib writes as it is; between two ``$`` it would look for a formula."""
    return text.replace("$", r"\$")


def shortened(text: str, n: int = 32) -> str:
    """Return a text of at most `n` characters: of a longer one the beginning and the end.

    The end of a name such as ``pipeline__preprocessing__numeric__imputer__strategy`` says most.
    """
    text = " ".join(text.split())
    if len(text) <= n:
        return text
    n_end = (n - 1) * 2 // 3
    return f"{text[: n - 1 - n_end]}…{text[len(text) - n_end :]}"


def short_names(names: Sequence[str], n: int = 32) -> list[str]:
    """Return names of at most `n` characters each, different ones for different names.

    If shortening makes two the same, the beginning that all have in common goes, and then the end; a number tells apart
    those that are still the same.
    """
    made = [shortened(name, n) for name in names]
    if len(set(made)) < len(set(names)):
        letters = zip(*names, strict=False)
        n_common = sum(1 for _ in takewhile(lambda each: len(set(each)) == 1, letters))
        start = names[0].rfind("_", 0, n_common) + 1  # of whole words
        kept = [f"{'…' * (start > 0)}{name[start:]}" for name in names]
        made = [text if len(text) <= n else f"{text[: n - 1]}…" for text in kept]
    if len(set(made)) < len(set(names)):
        made = [f"{text[: n - 5]}… #{k}" for k, text in enumerate(made, start=1)]
    return made


def value_text(value: Any, n: int = _VALUE_LENGTH) -> str:
    """Return the value of a parameter as a short text: three digits of a number, strings without quotes."""
    if isinstance(value, str):
        return shortened(value, n)
    if isinstance(value, bool | numbers.Integral) or not isinstance(value, numbers.Real):
        return shortened(_repr(value), n)
    try:
        return f"{float(value):.3g}"
    except OverflowError:  # a fraction beyond the floats
        return shortened(_repr(value), n)


def choice_texts(values: Sequence[Any], n: int = _VALUE_LENGTH) -> list[str]:
    """Return a short text for each choice, all different; of an estimator its class, if no other one has it."""
    classes = [type(value).__name__ if hasattr(value, "get_params") else "" for value in values]
    texts = [
        name if name and classes.count(name) == 1 else value_text(value, n)
        for name, value in zip(classes, values, strict=True)
    ]
    # Two objects may share their first and last letters.
    counts = Counter(texts)
    return [
        text if counts[text] == 1 else f"{text} #{texts[:i].count(text) + 1}"
        for i, text in enumerate(texts)
    ]


def _repr(value: Any) -> str:
    try:
        # An address says nothing, and fills the label.
        return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))
    except Exception:  # a broken repr must not lose the picture
        return f"<{type(value).__name__}>"
