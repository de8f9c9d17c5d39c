"""Runs the example of docs/export.md, for check.py.

NAME.example/ has example.py as it stands in the documentation, world.py with the two functions that a reader would bring,
policy.onnx, and expected.json: {"steps", "scale": [Da], "taken": rows or null}. The example is to take `steps` actions, and
where `taken` is given these, to 1e-4 of normalised actions. Raises AssertionError with what went wrong.
"""

import json
import subprocess
import sys

import numpy as np


def check_example(path):
    expected = json.loads((path / "expected.json").read_text())
    ended = subprocess.run([sys.executable, "example.py"], cwd=path, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    taken = np.array(json.loads((path / "taken.json").read_text()))
    assert taken.shape == (expected["steps"], len(expected["scale"])), f"took actions of shape {taken.shape}"
    assert np.isfinite(taken).all() and len(np.unique(taken)) > 1
    if expected["taken"] is None:
        return f"{len(taken)} actions"
    difference = float(np.abs((taken - np.array(expected["taken"])) * np.array(expected["scale"])).max())
    assert difference < 1e-4, f"largest difference {difference}"
    return f"{len(taken)} actions, largest difference {difference:.2g}"
