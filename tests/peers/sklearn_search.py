"""Run scikit-learn's own tests of its searches on ours: `python tests/peers/sklearn_search.py [pytest options]`.

The installed `sklearn/model_selection/tests/test_search.py` is copied to a temporary folder, where
`GridSearchCV` and `RandomizedSearchCV` are imported from skbayes instead. Nothing of it is kept here.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import sklearn.model_selection

# Tests that are not run, each with its reason: private internals only.
DESELECTED = {
    "test_custom_run_search": (
        "subclasses scikit-learn's own BaseSearchCV through the private _run_search, and wants no public "
        "attribute beyond its own; ours have history_ and stopped_by_"
    ),
}
OURS = ("GridSearchCV", "RandomizedSearchCV")


def rewritten(source: str) -> str:
    """Return the test module with our searches imported in place of scikit-learn's."""
    for name in OURS:
        source, n = re.subn(rf"^    {name},\n", "", source, count=1, flags=re.MULTILINE)
        if n != 1:
            raise SystemExit(f"the import of {name} was not found in scikit-learn's tests")
    ours = f"from skbayes import {', '.join(OURS)}\n"
    return re.sub(
        r"^from sklearn\.naive_bayes import", ours + r"\g<0>", source, count=1, flags=re.M
    )


def main(options: list[str]) -> int:
    """Run the rewritten tests; return pytest's exit code."""
    path = Path(sklearn.model_selection.__file__).parent / "tests" / "test_search.py"
    source = path.read_text(encoding="utf-8")
    missing = [name for name in DESELECTED if f"def {name}(" not in source]
    if missing:
        print(f"these deselected tests no longer exist, drop them: {missing}")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "test_search.py"
        copy.write_text(rewritten(source), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(copy)]
        command += ["--rootdir", folder]
        for name, reason in DESELECTED.items():
            print(f"not run: {name}: {reason}")
            command += ["--deselect", f"test_search.py::{name}"]
        return subprocess.run([*command, *options], check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
