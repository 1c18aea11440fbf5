"""Run scikit-learn's own tests of linear models on ours: `python tests/peers/sklearn_linear.py [FILE ...] [options]`.

FILE is any of `ridge`, `coordinate_descent`, `logistic`, `glm` (all four without one); options are pytest's (`-x`,
`-k alpha`, ...). The installed test modules are copied to a temporary folder, where each of scikit-learn's names that
has a form of ours is that form. `deselected_FILE.py` beside this file say what is not run, and why. Nothing of
scikit-learn's tests is kept here.
"""

import ast
import fnmatch
import importlib
import sys
import tempfile
from pathlib import Path

import pytest
import sklearn.linear_model

import skbayes.linear_model

FILES = {
    "ridge": "tests/test_ridge.py",
    "coordinate_descent": "tests/test_coordinate_descent.py",
    "logistic": "tests/test_logistic.py",
    "glm": "_glm/tests/test_glm.py",
}
OURS = {
    "ElasticNet": "MAPElasticNet",
    "ElasticNetCV": "MAPElasticNetCV",
    "GammaRegressor": "MAPGammaRegressor",
    "Lasso": "MAPLasso",
    "LassoCV": "MAPLassoCV",
    "LinearRegression": "LinearRegressionMLE",
    "LogisticRegression": "MAPLogisticRegression",
    "LogisticRegressionCV": "MAPLogisticRegressionCV",
    "MultiTaskElasticNet": "MAPMultiTaskElasticNet",
    "MultiTaskLasso": "MAPMultiTaskLasso",
    "PoissonRegressor": "MAPPoissonRegressor",
    "Ridge": "MAPRidge",
    "RidgeClassifier": "MAPRidgeClassifier",
    "RidgeClassifierCV": "MAPRidgeClassifierCV",
    "RidgeCV": "MAPRidgeCV",
    "enet_path": "enet_path",
    "lasso_path": "lasso_path",
}


def rewritten(source: str, scaffold: str = "") -> tuple[str, list[str]]:
    """Return the test module with our names after scikit-learn's imports, and which of its names are ours now.

    `scaffold` is code that follows them: what the tests' own fixtures ask of a model beside its public face.
    """
    imports = [
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.ImportFrom) and node.module == "sklearn.linear_model"
    ]
    if not imports:
        raise SystemExit("the import of sklearn.linear_model was not found in scikit-learn's tests")
    imported = [alias.name for node in imports for alias in node.names]
    swapped = [n for n in imported if n in OURS and hasattr(skbayes.linear_model, OURS[n])]
    lines = source.splitlines(keepends=True)
    ours = [f"from skbayes.linear_model import {OURS[n]} as {n}  # noqa\n" for n in swapped]
    end = imports[-1].end_lineno
    return "".join([*lines[:end], *ours, scaffold, *lines[end:]]), swapped


class Deselection:
    """A pytest plugin: leaves the listed tests out and fails when one of them is not there any more.

    A key is `test_name`, or `test_name[pattern]` for those parameters alone whose identifier matches (`*` allowed).
    """

    def __init__(self, reasons: dict[str, dict[str, str]]) -> None:
        self.reasons = reasons  # by the name of the module
        self.gone: list[str] = []
        self.n_left_out = 0

    @pytest.hookimpl(tryfirst=True)  # before -k, so that a key is looked for among all tests
    def pytest_collection_modifyitems(self, config, items):
        kept, out, used = [], [], set()
        for item in items:
            module = item.path.stem
            keys = [key for key in self.reasons[module] if matches(key, item.name)]
            used |= {(module, key) for key in keys}
            (out if keys else kept).append(item)
        wanted = {(module, key) for module, keys in self.reasons.items() for key in keys}
        self.gone = [f"{module}: {key}" for module, key in sorted(wanted - used)]
        self.n_left_out = len(out)
        items[:] = kept
        config.hook.pytest_deselected(items=out)


def matches(key: str, name: str) -> bool:
    """Whether the key of a deselection names this test."""
    function, _, identifier = name.partition("[")
    wanted, bracket, pattern = key.partition("[")
    if function != wanted:
        return False
    return not bracket or fnmatch.fnmatchcase(identifier[:-1], pattern[:-1])


def main(arguments: list[str]) -> int:
    """Run the rewritten tests; return pytest's exit code, or 1 when a deselection is out of date."""
    names = [name for name in arguments if name in FILES] or list(FILES)
    options = [option for option in arguments if option not in FILES]
    if any(option.startswith("-n") for option in options):
        print("what is left out is left out in this process only: run without -n")
        return 2
    root = Path(sklearn.linear_model.__file__).parent
    reasons = {}
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name in names:
            table = importlib.import_module(f"deselected_{name}")
            source = (root / FILES[name]).read_text(encoding="utf-8")
            source, swapped = rewritten(source, getattr(table, "SCAFFOLD", ""))
            copy = Path(folder) / f"test_{name}.py"
            copy.write_text(source, encoding="utf-8")
            paths.append(str(copy))
            reasons[copy.stem] = table.DESELECTED
            print(f"{name}: ours are {', '.join(swapped) or 'none yet'}")
            for key, reason in reasons[copy.stem].items():
                print(f"  not run: {key}: {reason}")
        deselection = Deselection(reasons)
        # scikit-learn's conftest holds the fixtures that its tests ask for (global_random_seed and others).
        plain = ["-q", "-p", "no:cacheprovider", "-p", "sklearn.conftest", "--rootdir", folder]
        code = int(pytest.main([*plain, *paths, *options], plugins=[deselection]))
    if deselection.gone:
        print(f"these deselected tests no longer exist, drop them: {deselection.gone}")
        return 1
    print(f"{deselection.n_left_out} left out by the tables beside this file")
    return code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
