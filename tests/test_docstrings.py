"""Every public name has a complete numpydoc docstring, and the defaults in it agree with the signature."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import pytest

import skbayes

numpydoc_validate = pytest.importorskip("numpydoc.validate")

# What numpydoc must find: summary, parameters (all, in order, with types and descriptions), returns.
CODES = {"GL08", "PR01", "PR02", "PR03", "PR04", "PR07", "RT03", "SS01", "YD01"}


def public_objects() -> Iterator[tuple[str, Any]]:
    modules = [skbayes.__name__]
    modules += [f"skbayes.{m.name}" for m in pkgutil.iter_modules(skbayes.__path__) if m.ispkg]
    for module_name in modules:
        module = importlib.import_module(module_name)
        for name in module.__all__:
            thing = getattr(module, name)
            if not (inspect.isclass(thing) or inspect.isfunction(thing)):
                continue
            yield f"{module_name}.{name}", thing
            if inspect.isclass(thing):
                for method in sorted(vars(thing)):
                    if not method.startswith("_") and inspect.isfunction(vars(thing)[method]):
                        yield f"{module_name}.{name}.{method}", vars(thing)[method]


OBJECTS = dict(public_objects())


@pytest.mark.parametrize("path", OBJECTS)
def test_docstring_is_complete(path):
    thing = OBJECTS[path]
    problems = [
        (code, text) for code, text in numpydoc_validate.validate(path)["errors"] if code in CODES
    ]
    if inspect.isfunction(thing) and "." in thing.__qualname__ and not inspect.getdoc(thing):
        problems.append(("GL08", "no docstring"))
    # An inherited contract is documented where it is declared.
    problems = [p for p in problems if not _documented_by_parent(path, thing)]
    assert not problems, f"{path}: {problems}"


def _documented_by_parent(path: str, thing: Any) -> bool:
    if not inspect.isfunction(thing) or "." not in thing.__qualname__:
        return False
    owner = OBJECTS[path.rsplit(".", 1)[0]]
    return any(thing.__name__ in vars(base) for base in owner.__mro__[1:])


@pytest.mark.parametrize("path", [p for p, t in OBJECTS.items() if inspect.isclass(t)])
def test_defaults_in_the_docstring_agree_with_the_signature(path):
    thing = OBJECTS[path]
    documented = dict(
        re.findall(r"^    (\w+) : .*default=(\S+)$", thing.__doc__ or "", flags=re.MULTILINE)
    )
    for name, parameter in inspect.signature(thing).parameters.items():
        if parameter.default is inspect.Parameter.empty or name not in documented:
            continue
        told = documented[name].strip("`").replace("np.nan", "nan").strip("'\"")
        assert told in (str(parameter.default), repr(parameter.default)), f"{path}({name})"
