"""Values of every primitive by NumPy: what the reference interpreter is compared with.

    npx tsx tests/tensor/cases/export.ts | python tests/golden/make_primitives.py > tests/golden/primitives.json

Reads {primitive: {label: {"operands": […], "attributes": {…}}}} with operands {"dtype", "shape", "data"}; writes
{primitive: {label: [numbers]}}, floats in float64 (as the interpreter computes them), integers with their wrap-around.
"NaN", "Infinity" and "-Infinity" stand where JSON has no number. Made with numpy 2.4.6.
"""

import json
import math
import sys

import numpy as np

np.seterr(all="ignore")
STORED = {"float32": np.float64, "int32": np.int32, "uint32": np.uint32, "uint8": np.uint8, "bool": np.bool_}


def array(stored):
    return np.array([float(value) for value in stored["data"]]).astype(STORED[stored["dtype"]]).reshape(stored["shape"])


def log_sum_exp(x, axis):
    return np.logaddexp.reduce(x, axis=axis)


def softmax(x, axis):
    return np.exp(x - np.expand_dims(log_sum_exp(x, axis), axis))


def cumulative_sum(x, axis, reverse):
    if reverse:
        return np.flip(np.cumsum(np.flip(x, axis), axis, dtype=x.dtype), axis)
    return np.cumsum(x, axis, dtype=x.dtype)


def divide(a, b):
    return a / b if a.dtype == np.float64 else np.trunc(a.astype(np.float64) / b).astype(a.dtype)


def scatter_add(x, rows, count):
    result = np.zeros((count, *x.shape[rows.ndim :]))
    np.add.at(result, rows, x)
    return result


def transposed(x, flag):
    return np.swapaxes(x, -1, -2) if flag else x


def bits(words, booleans):
    return lambda a, b: booleans(a, b) if a.dtype == np.bool_ else words(a, b)


RULES = {
    "neg": lambda x: -x,
    "abs": np.abs,
    "sign": np.sign,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
    "sigmoid": lambda x: 0.5 * (1 + np.tanh(x / 2)) if np.all(x > -20) else np.exp(-np.logaddexp(0, -x)),
    "erf": np.vectorize(math.erf, otypes=[np.float64]),
    "softplus": lambda x: np.logaddexp(0, x),
    "relu": lambda x: np.maximum(x, 0),
    "sin": np.sin,
    "cos": np.cos,
    "floor": np.floor,
    "not": np.logical_not,
    "cast": lambda x, dtype: x.astype(STORED[dtype]),
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": divide,
    "pow": np.power,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "equal": np.equal,
    "less": np.less,
    "and": bits(np.bitwise_and, np.logical_and),
    "or": bits(np.bitwise_or, np.logical_or),
    "xor": bits(np.bitwise_xor, np.logical_xor),
    "shiftLeft": np.left_shift,
    "shiftRight": np.right_shift,
    "where": np.where,
    "sum": lambda x, axes: np.sum(x, axis=tuple(axes), dtype=x.dtype),
    "max": lambda x, axes: np.max(x, axis=tuple(axes)),
    "logSumExp": log_sum_exp,
    "argMax": lambda x, axis: np.argmax(x, axis=axis),
    "softmax": softmax,
    "cumulativeSum": cumulative_sum,
    "matmul": lambda a, b, transposeA, transposeB: transposed(a, transposeA) @ transposed(b, transposeB),
    "reshape": lambda x, shape: x.reshape(shape),
    "transpose": lambda x, permutation: x.transpose(permutation),
    "broadcast": lambda x, shape: np.broadcast_to(x, shape),
    "slice": lambda x, starts, ends, steps: x[tuple(map(slice, starts, ends, steps))],
    "concat": lambda *parts, axis: np.concatenate(parts, axis),
    "pad": lambda x, before, after, value: np.pad(
        x, list(zip(before, after)), constant_values=np.array(float(value)).astype(x.dtype)
    ),
    "gather": lambda x, rows: x[rows],
    "scatterAdd": scatter_add,
}


def number(value):
    value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return int(value) if float(value).is_integer() and abs(value) < 2**53 else value


def main():
    result = {}
    for primitive, cases in json.load(sys.stdin).items():
        result[primitive] = {}
        for label, case in cases.items():
            operands = [array(operand) for operand in case["operands"]]
            attributes = case["attributes"]
            if primitive == "scatterAdd":
                attributes = {"count": attributes["rows"]}
            value = RULES[primitive](*operands, **attributes)
            result[primitive][label] = [number(element) for element in np.asarray(value).ravel()]
    groups = []
    for primitive, cases in result.items():
        lines = [f"    {json.dumps(label)}: {json.dumps(values)}" for label, values in cases.items()]
        groups.append(f"  {json.dumps(primitive)}: {{\n" + ",\n".join(lines) + "\n  }")
    print("{\n" + ",\n".join(groups) + "\n}")


if __name__ == "__main__":
    main()
