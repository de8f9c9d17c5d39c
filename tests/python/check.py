"""Reads our files with the official Python libraries and compares what they hold.

    python check.py DIR

DIR has NAME.onnx beside NAME.json = {"inputs": {name: tensor}, "outputs": {name: tensor}, "rtol": …, "atol": …}, and
NAME.safetensors beside NAME.safetensors.json = {name: tensor}; a tensor is {"dtype", "shape", "data"} with numpy's
dtype names, data flat in row-major order, and the strings "NaN", "Infinity" and "-Infinity" where JSON has no number.

A model passes when the official checker accepts it, it names exactly the stored inputs and outputs, and onnxruntime
gives the stored outputs: floats within |a - b| <= atol + rtol |b|, all else exactly; an output that "scale" (optional)
names is multiplied by its factors first, along the last axis. Prints one line per file and a
total; exits with 1 when a file failed or there was none.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import safetensors.numpy
from documented_example import check_example
from exported_datasets import check_lerobot, check_robomimic


class Mismatch(Exception):
    pass


def read_tensor(stored):
    dtype = np.dtype(stored["dtype"])
    data = [float(value) if isinstance(value, str) else value for value in stored["data"]]
    return np.array(data, dtype=dtype).reshape(stored["shape"])


def compare(name, found, expected, rtol, atol):
    """The largest absolute difference; raises Mismatch where the tensors differ by more than is allowed."""
    if (found.dtype, found.shape) != (expected.dtype, expected.shape):
        raise Mismatch(f"{name} is {found.dtype} {found.shape}, expected {expected.dtype} {expected.shape}")
    if not np.issubdtype(expected.dtype, np.floating):
        rtol = atol = 0
    close = np.isclose(found, expected, rtol=rtol, atol=atol, equal_nan=True)
    if not close.all():
        where = tuple(int(index) for index in np.argwhere(~close)[0])
        wrong = int((~close).sum())
        raise Mismatch(
            f"{name}{list(where)} is {found[where]}, expected {expected[where]} ({wrong} of {found.size} differ)"
        )
    finite = np.isfinite(expected) & (found != expected)
    return float(np.abs(found[finite].astype(np.float64) - expected[finite]).max()) if finite.any() else 0.0


def same_names(kind, found, expected):
    if set(found) != set(expected):
        raise Mismatch(f"{kind} are {sorted(found)}, expected {sorted(expected)}")


def check_model(path):
    stored = json.loads(path.with_suffix(".json").read_text())
    onnx.checker.check_model(str(path), full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    same_names("inputs", [each.name for each in session.get_inputs()], stored["inputs"])
    same_names("outputs", names, stored["outputs"])
    found = session.run(names, {name: read_tensor(tensor) for name, tensor in stored["inputs"].items()})
    tolerances = stored["rtol"], stored["atol"]
    scale = stored.get("scale", {})
    scaled = lambda name, value: value * np.float32(scale[name]) if name in scale else value
    found = [scaled(name, np.asarray(value)) for name, value in zip(names, found, strict=True)]
    expected = [scaled(name, read_tensor(stored["outputs"][name])) for name in names]
    errors = [compare(*each, *tolerances) for each in zip(names, found, expected, strict=True)]
    return f"checker, {len(names)} output(s), largest difference {max(errors, default=0):.2g}"


def check_parameters(path):
    stored = json.loads(Path(f"{path}.json").read_text())
    found = safetensors.numpy.load_file(path)
    same_names("tensors", found, stored)
    for name, tensor in stored.items():
        compare(name, found[name], read_tensor(tensor), 0, 0)
    return f"{len(found)} tensor(s), equal"


CHECKS = {
    ".onnx": check_model,
    ".safetensors": check_parameters,
    ".hdf5": check_robomimic,
    ".lerobot": check_lerobot,
    ".example": check_example,
}


def main(folder):
    passed = failed = 0
    for path in sorted(path for path in folder.iterdir() if path.suffix in CHECKS):
        try:
            line, passed = f"ok     {path.name}: {CHECKS[path.suffix](path)}", passed + 1
        except Exception as error:  # whatever a library raises is this file's failure; the next file is still checked
            reason = " ".join(str(error).split())
            line, failed = f"FAILED {path.name}: {type(error).__name__}: {reason}", failed + 1
        print(line, flush=True)
    if passed + failed == 0:
        print(f"FAILED {folder}: nothing to check, expected files ending in {', '.join(CHECKS)}")
        failed = 1
    versions = f"onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}, safetensors {safetensors.__version__}"
    print(f"Python ({versions}): {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        print("usage: python check.py DIR", file=sys.stderr)
        sys.exit(2)
    sys.exit(main(Path(sys.argv[1])))
