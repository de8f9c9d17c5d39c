/**
 * The meaning of every primitive in plain numbers: a slow interpreter, the truth against which every runtime is tested.
 * float32 tensors are computed in float64, so that central differences of it are accurate.
 */
import { type Shape, sizeOf, stridesOf } from "../base/index.ts";
import type { DType, Node, Primitive, Program, Tensor, TypedArray } from "./primitive.ts";
import { topologicalOrder } from "./program.ts";

export interface Value {
  readonly shape: Shape;
  readonly data: TypedArray;
}

type ValueRule<P extends Primitive> = (node: Node<P>, operands: readonly Value[]) => TypedArray;

const STORAGE = {
  float32: Float64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const satisfies Record<DType, unknown>;

/** An array for the values of a node, in the interpreter's precision. */
const make = (node: Tensor): TypedArray => new STORAGE[node.dtype](sizeOf(node.shape));

/** Calls `visit` with the position in the result and the coordinates of every element. */
function forEach(shape: Shape, visit: (position: number, coordinates: readonly number[]) => void): void {
  const coordinates = new Array<number>(shape.length).fill(0);
  const size = sizeOf(shape);
  for (let position = 0; position < size; position++) {
    visit(position, coordinates);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++coordinates[axis] < shape[axis]) break;
      coordinates[axis] = 0;
    }
  }
}

/** Position of `coordinates` in a value that broadcasts to their shape. */
function positionIn(value: Value, coordinates: readonly number[]): number {
  const strides = stridesOf(value.shape);
  const offset = coordinates.length - value.shape.length;
  return value.shape.reduce(
    (position, length, axis) => position + (length === 1 ? 0 : coordinates[axis + offset]) * strides[axis],
    0,
  );
}

const map =
  (compute: (x: number) => number) =>
  (node: Tensor, [x]: readonly Value[]) => {
    const result = make(node);
    for (let position = 0; position < result.length; position++) result[position] = compute(x.data[position]);
    return result;
  };

const zip = (compute: (a: number, b: number) => number) => (node: Tensor, operands: readonly Value[]) => {
  const result = make(node);
  forEach(node.shape, (position, coordinates) => {
    const [a, b] = operands.map((operand) => operand.data[positionIn(operand, coordinates)]);
    result[position] = compute(a, b);
  });
  return result;
};

/** Folds the elements along `axes`, which the node's shape no longer has. */
function fold(
  node: Tensor,
  x: Value,
  axes: readonly number[],
  start: number,
  combine: (total: number, x: number) => number,
) {
  const result = make(node).fill(start);
  const kept = { shape: node.shape, data: result };
  forEach(x.shape, (position, coordinates) => {
    const at = positionIn(
      kept,
      coordinates.filter((_, axis) => !axes.includes(axis)),
    );
    result[at] = combine(result[at], x.data[position]);
  });
  return result;
}

/** Runs `visit` on every line along `axis`: the position of its first element, the stride and the length. */
function lines(shape: Shape, axis: number, visit: (start: number, stride: number, line: number) => void): void {
  const stride = stridesOf(shape)[axis];
  let line = 0;
  forEach(shape, (position, coordinates) => {
    if (coordinates[axis] === 0) visit(position, stride, line++);
  });
}

/** Element by element copies: `source` gives the position in the operand, or -1 for `missing`. */
function copy(node: Tensor, x: Value, source: (coordinates: readonly number[]) => number, missing = 0): TypedArray {
  const result = make(node);
  forEach(node.shape, (position, coordinates) => {
    const from = source(coordinates);
    result[position] = from < 0 ? missing : x.data[from];
  });
  return result;
}

/** erf by its Maclaurin series below 2.5 and its continued fraction above (Abramowitz and Stegun 7.1.6, 7.1.14). */
function erf(x: number): number {
  const z = Math.abs(x);
  if (z < 2.5) {
    let term = z;
    let total = z;
    for (let n = 1; Math.abs(term) > 1e-18 * total; n++) {
      term *= (2 * z * z) / (2 * n + 1);
      total += term;
    }
    return Math.sign(x) * (2 / Math.sqrt(Math.PI)) * Math.exp(-z * z) * total;
  }
  let fraction = 0;
  for (let n = 60; n >= 1; n--) fraction = n / 2 / (z + fraction);
  return Math.sign(x) * (1 - Math.exp(-z * z) / (Math.sqrt(Math.PI) * (z + fraction)));
}

const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

export const valueRules: { readonly [P in Primitive]: ValueRule<P> } = {
  input: ({ attributes }) => {
    throw new Error(`input "${attributes.name}": no value was given`);
  },
  constant: (node) => make(node).map((_, index) => node.attributes.data[index]) as TypedArray,

  neg: map((x) => -x),
  abs: map(Math.abs),
  sign: map(Math.sign),
  exp: map(Math.exp),
  log: map(Math.log),
  sqrt: map(Math.sqrt),
  tanh: map(Math.tanh),
  sigmoid: map((x) => 1 / (1 + Math.exp(-x))),
  erf: map(erf),
  softplus: map(softplus),
  relu: map((x) => Math.max(x, 0)),
  sin: map(Math.sin),
  cos: map(Math.cos),
  floor: map(Math.floor),
  not: map((x) => (x ? 0 : 1)),
  cast: (node, [x]) => {
    if (node.dtype === "bool") return map((v) => (v ? 1 : 0))(node, [x]);
    return map(node.dtype === "float32" ? (v) => v : Math.trunc)(node, [x]);
  },

  add: zip((a, b) => a + b),
  sub: zip((a, b) => a - b),
  mul: (node, operands) => zip(node.dtype === "float32" ? (a, b) => a * b : Math.imul)(node, operands),
  div: (node, operands) =>
    zip(node.dtype === "float32" ? (a, b) => a / b : (a, b) => Math.trunc(a / b))(node, operands),
  pow: zip((a, b) => a ** b),
  maximum: zip(Math.max),
  minimum: zip(Math.min),
  equal: zip((a, b) => (a === b ? 1 : 0)),
  less: zip((a, b) => (a < b ? 1 : 0)),
  and: zip((a, b) => a & b),
  or: zip((a, b) => a | b),
  xor: zip((a, b) => a ^ b),
  shiftLeft: zip((a, b) => a << b),
  shiftRight: zip((a, b) => a >>> b),

  where: (node, [condition, a, b]) => {
    const result = make(node);
    forEach(node.shape, (position, coordinates) => {
      const chosen = condition.data[positionIn(condition, coordinates)] ? a : b;
      result[position] = chosen.data[positionIn(chosen, coordinates)];
    });
    return result;
  },

  sum: (node, [x]) => fold(node, x, node.attributes.axes, 0, (total, value) => total + value),
  max: (node, [x]) => {
    const least = node.dtype === "float32" ? Number.NEGATIVE_INFINITY : -(2 ** 31);
    return fold(node, x, node.attributes.axes, least, Math.max);
  },
  logSumExp: (node, [x]) => {
    const result = make(node);
    const length = x.shape[node.attributes.axis];
    lines(x.shape, node.attributes.axis, (start, stride, line) => {
      const values = Array.from({ length }, (_, index) => x.data[start + index * stride]);
      const largest = Math.max(...values);
      const total = values.reduce((sum, value) => sum + Math.exp(value - largest), 0);
      result[line] = Number.isFinite(largest) ? largest + Math.log(total) : largest;
    });
    return result;
  },
  argMax: (node, [x]) => {
    const result = make(node);
    const length = x.shape[node.attributes.axis];
    lines(x.shape, node.attributes.axis, (start, stride, line) => {
      const values = Array.from({ length }, (_, index) => x.data[start + index * stride]);
      result[line] = values.indexOf(Math.max(...values));
    });
    return result;
  },
  softmax: (node, [x]) => {
    const result = make(node);
    const length = x.shape[node.attributes.axis];
    lines(x.shape, node.attributes.axis, (start, stride) => {
      const values = Array.from({ length }, (_, index) => x.data[start + index * stride]);
      const largest = Math.max(...values);
      const weights = values.map((value) => Math.exp(value - largest));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      for (const [index, weight] of weights.entries()) result[start + index * stride] = weight / total;
    });
    return result;
  },
  cumulativeSum: (node, [x]) => {
    const result = make(node);
    const { axis, reverse } = node.attributes;
    const length = x.shape[axis];
    lines(x.shape, axis, (start, stride) => {
      let total = 0;
      for (let step = 0; step < length; step++) {
        const at = start + (reverse ? length - 1 - step : step) * stride;
        total += x.data[at];
        result[at] = total;
      }
    });
    return result;
  },

  matmul: (node, [a, b]) => {
    const { transposeA, transposeB } = node.attributes;
    const result = make(node);
    const inner = a.shape[a.shape.length - (transposeA ? 2 : 1)];
    // From one k to the next: a whole row, or one number.
    const leftStep = transposeA ? a.shape[a.shape.length - 1] : 1;
    const rightStep = transposeB ? 1 : b.shape[b.shape.length - 1];
    forEach(node.shape, (position, coordinates) => {
      const batch = coordinates.slice(0, -2);
      const [row, column] = coordinates.slice(-2);
      const left = positionIn(a, [...batch, ...(transposeA ? [0, row] : [row, 0])]);
      const right = positionIn(b, [...batch, ...(transposeB ? [column, 0] : [0, column])]);
      let total = 0;
      for (let k = 0; k < inner; k++) total += a.data[left + k * leftStep] * b.data[right + k * rightStep];
      result[position] = total;
    });
    return result;
  },

  reshape: (node, [x]) => make(node).map((_, index) => x.data[index]) as TypedArray,
  transpose: (node, [x]) => {
    const strides = stridesOf(x.shape);
    const { permutation } = node.attributes;
    return copy(node, x, (coordinates) =>
      permutation.reduce((position, axis, index) => position + coordinates[index] * strides[axis], 0),
    );
  },
  broadcast: (node, [x]) => copy(node, x, (coordinates) => positionIn(x, coordinates)),
  slice: (node, [x]) => {
    const { starts, steps } = node.attributes;
    return copy(node, x, (coordinates) =>
      positionIn(
        x,
        coordinates.map((coordinate, axis) => starts[axis] + coordinate * steps[axis]),
      ),
    );
  },
  concat: (node, operands) => {
    const { axis } = node.attributes;
    const result = make(node);
    forEach(node.shape, (position, coordinates) => {
      let along = coordinates[axis];
      const part = operands.find((operand) => {
        if (along < operand.shape[axis]) return true;
        along -= operand.shape[axis];
        return false;
      })!;
      result[position] =
        part.data[
          positionIn(
            part,
            coordinates.map((coordinate, other) => (other === axis ? along : coordinate)),
          )
        ];
    });
    return result;
  },
  pad: (node, [x]) => {
    const { before, value } = node.attributes;
    const source = (coordinates: readonly number[]) => {
      const inside = coordinates.map((coordinate, axis) => coordinate - before[axis]);
      return inside.every((at, axis) => at >= 0 && at < x.shape[axis]) ? positionIn({ ...x }, inside) : -1;
    };
    return copy(node, x, source, value);
  },
  gather: (node, [x, rows]) => {
    const width = sizeOf(x.shape.slice(1));
    const result = make(node);
    rows.data.forEach((row, index) => {
      if (!(row >= 0 && row < x.shape[0])) throw new RangeError(`gather: row ${row} of ${x.shape[0]}`);
      for (let column = 0; column < width; column++) result[index * width + column] = x.data[row * width + column];
    });
    return result;
  },
  scatterAdd: (node, [x, rows]) => {
    const width = sizeOf(node.shape.slice(1));
    const result = make(node);
    rows.data.forEach((row, index) => {
      if (!(row >= 0 && row < node.shape[0])) throw new RangeError(`scatterAdd: row ${row} of ${node.shape[0]}`);
      for (let column = 0; column < width; column++) result[row * width + column] += x.data[index * width + column];
    });
    return result;
  },

  withGradient: (node, [value]) => make(node).map((_, index) => value.data[index]) as TypedArray,

  loop: () => {
    throw new Error("loop: its value is taken through item");
  },
  item: () => {
    throw new Error("item: evaluated together with its loop");
  },
};

function runLoop(node: Node<"loop">, operands: readonly Value[]): Value[] {
  const { body, count, carried } = node.attributes;
  let state = operands.slice(0, carried);
  const stacked: Value[][] = body.outputs.slice(carried).map(() => []);
  const [pass, ...parameters] = body.inputs;
  for (let index = 0; index < count; index++) {
    const given = new Map<Tensor, Value>([[pass, { shape: [], data: Int32Array.of(index) }]]);
    const values = [...state, ...operands.slice(carried)];
    parameters.forEach((parameter, position) => {
      given.set(parameter, values[position]);
    });
    const results = evaluateAll(
      body.outputs.map((output) => output.value),
      given,
    );
    state = results.slice(0, carried);
    results.slice(carried).forEach((value, position) => {
      stacked[position].push(value);
    });
  }
  const joined = stacked.map((values, index): Value => {
    const { value } = body.outputs[carried + index];
    const data = new STORAGE[value.dtype](count * sizeOf(value.shape));
    values.forEach((row, position) => {
      data.set(row.data, position * sizeOf(value.shape));
    });
    return { shape: [count, ...value.shape], data };
  });
  return [...state, ...joined];
}

function evaluateAll(roots: readonly Tensor[], given: ReadonlyMap<Tensor, Value>): Value[] {
  const values = new Map<Tensor, Value>(given);
  const loops = new Map<Tensor, Value[]>();
  for (const node of topologicalOrder(roots)) {
    if (values.has(node)) continue;
    const operands = node.operands.map((operand) => values.get(operand)!);
    if (node.primitive === "loop") loops.set(node, runLoop(node, operands));
    else if (node.primitive === "item") values.set(node, loops.get(node.operands[0])![node.attributes.index]);
    else {
      const rule = valueRules[node.primitive] as ValueRule<Primitive>;
      values.set(node, { shape: node.shape, data: rule(node as Node<Primitive>, operands) });
    }
  }
  return roots.map((root) => values.get(root)!);
}

/** Runs a program on plain numbers. Throws where an input is missing or has another number of elements. */
export function interpret(
  { inputs, outputs }: Program,
  feeds: Readonly<Record<string, ArrayLike<number>>>,
): Record<string, Value> {
  const given = new Map<Tensor, Value>();
  for (const node of inputs) {
    const { name } = node.attributes;
    const data = feeds[name];
    if (data?.length !== sizeOf(node.shape)) {
      throw new Error(`interpret: input "${name}" has ${data?.length ?? "no"} numbers, expected ${sizeOf(node.shape)}`);
    }
    given.set(node, { shape: node.shape, data: STORAGE[node.dtype].from(data) });
  }
  const values = evaluateAll(
    outputs.map((output) => output.value),
    given,
  );
  return Object.fromEntries(outputs.map(({ name }, index) => [name, values[index]]));
}
