"""What the README shows runs as it stands there."""

import re
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.splitlines()[0])
def test_each_block_of_python_runs_by_itself(block):
    exec(compile(block, "README.md", "exec"), {"__name__": "__main__"})


def test_there_are_blocks_for_both_halves():
    assert sum("BayesSearchCV(" in block for block in BLOCKS) >= 1
    assert sum("MAPRegressor(" in block for block in BLOCKS) >= 1
