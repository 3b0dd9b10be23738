"""What README.md says about PyTorch works as it stands there."""

import re
from pathlib import Path

import pytest

pytest.importorskip("torch")

README = Path(__file__).parents[2] / "README.md"


@pytest.mark.parametrize("alternative", [False, True])
def test_ten_lines(alternative, capsys):
    (program,) = [
        block
        for block in re.findall(r"^```python\n(.*?)^```", README.read_text("utf-8"), re.S | re.M)
        if "synlib.torch" in block
    ]
    if alternative:  # the line that is commented out, instead of the one before it
        program, found = re.subn(r"^ledger = .*\n# or: ", "", program, flags=re.M)
        assert found == 1
        program = program.replace("model=model)", "model=model, count_writes=True)")
    exec(compile(program, str(README), "exec"), {})
    printed = capsys.readouterr().out
    assert "2.weight" in printed
    assert re.search(r"PCM: .* J, .* of the life of the most written cell", printed)
