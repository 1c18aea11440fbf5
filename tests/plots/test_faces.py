"""What all displays have in common: how they are made and drawn, and what the same thing is called."""

import inspect
import re

import pytest

from skbayes import plots

DISPLAYS = sorted(name for name in plots.__all__ if name.endswith("Display"))
#: Each with the function that computes its numbers.
DATA = {name: re.sub(r"(?<!^)([A-Z])", r"_\1", name[:-7]).lower() + "_data" for name in DISPLAYS}


def parameters(function):
    found = inspect.signature(function).parameters.values()
    return {each.name: each for each in found if each.kind is not each.VAR_KEYWORD}


def test_each_display_has_a_function_for_its_numbers_and_each_function_a_display():
    assert set(DATA.values()) == {name for name in plots.__all__ if name.endswith("_data")}


@pytest.mark.parametrize("name", DISPLAYS)
def test_it_is_drawn_on_axes_given_first_and_all_else_by_name(name):
    plot = parameters(getattr(plots, name).plot)
    assert list(plot)[:2] == ["self", "ax"]
    assert plot["ax"].default is None
    assert {each.kind for each in list(plot.values())[2:]} == {inspect.Parameter.KEYWORD_ONLY}
    styles = [each for each in plot.values() if each.name.endswith("_kw")]
    assert styles
    assert all(each.default is None for each in styles)


@pytest.mark.parametrize("name", DISPLAYS)
def test_it_is_made_of_what_its_function_returns_by_name_only(name):
    made = list(parameters(getattr(plots, name).__init__).values())[1:]
    assert {each.kind for each in made} == {inspect.Parameter.KEYWORD_ONLY}


@pytest.mark.parametrize("name", DISPLAYS)
def test_what_is_asked_of_the_display_is_asked_of_its_function_with_the_same_default(name):
    display, function = getattr(plots, name), parameters(getattr(plots, DATA[name]))
    asked = parameters(display.from_estimator)
    of_plot = parameters(display.plot)
    of_data = {key: each for key, each in list(asked.items())[1:] if key not in of_plot}
    assert of_data.keys() <= function.keys()
    assert {key: each.default for key, each in of_data.items()} == {
        key: function[key].default for key in of_data
    }
    # In the same way, by place or by name.
    assert {key: each.kind for key, each in of_data.items()} == {
        key: function[key].kind for key in of_data
    }


@pytest.mark.parametrize("name", [*DISPLAYS, *DATA.values()])
def test_one_word_for_one_thing(name):
    functions = [getattr(plots, name)]
    if name in DISPLAYS:
        functions = [functions[0].from_estimator, functions[0].plot]
    names = {each for function in functions for each in parameters(function)}
    # Of a search these are its parameters; params are the values of one trial.
    assert not names & {"params", "n_params", "param", "history_", "search_", "axes", "axis"}


@pytest.mark.parametrize(
    "name",
    [name for name in DISPLAYS if "search" in parameters(getattr(plots, name).from_estimator)],
)
def test_what_is_drawn_of_a_search_is_drawn_of_a_history(name):
    assert next(iter(parameters(getattr(plots, name).from_history))) == "history"
