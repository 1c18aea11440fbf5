"""Tests of scikit-learn's `ridge` that are not run on ours, each with its reason.

A key is `test_name`, or `test_name[pattern]` for some parameters only. A reason is a private internal of
scikit-learn, or a public feature that the documentation says we leave out.
"""

DESELECTED: dict[str, str] = {}
