/**
 * The same program with less work: constants folded, common subexpressions shared, transposes absorbed into products,
 * steps that change nothing dropped. What no output needs is dropped by construction: programs are expressions.
 */
import { sameShape, sizeOf } from "../base/index.ts";
import { productOfSlice, sumOfNeighbours } from "./pieces.ts";
import type { Node, Primitive, Program, Tensor } from "./primitive.ts";
import { topologicalOrder } from "./program.ts";
import { type Value, valueRules } from "./reference.ts";
import { apply, constant } from "./tensor.ts";

/** Constants above this size are not folded: they would be stored where one operation makes them. */
const LARGEST_FOLDED = 1024;
/** Constants above this size are shared only when they are the same array. */
const LARGEST_COMPARED = 4096;

export function simplify({ inputs, outputs }: Program): Program {
  const replaced = new Map<Tensor, Tensor>();
  const known = new Map<string, Tensor>();
  const identities = new Map<Tensor | object, number>();
  const identity = (value: object) => {
    const number = identities.get(value) ?? identities.size;
    identities.set(value, number);
    return number;
  };

  /** The one value that stands for all equal to this one; its operands may be new too, where a rewriting made them. */
  const settled = new Set<Tensor>();
  const settle = (value: Tensor): Tensor => {
    if (settled.has(value)) return value;
    const settledValue = withOperands(value, value.operands.map(settle));
    const key = keyOf(settledValue, identity);
    const shared = known.get(key) ?? settledValue;
    known.set(key, shared);
    settled.add(shared);
    return shared;
  };

  const order = topologicalOrder(outputs.map((output) => output.value));
  const uses = usesOf(order, outputs);
  for (const original of order) {
    const operands = original.operands.map((operand) => replaced.get(operand)!);
    let value = simplest(withSimpleBody(withOperands(original, operands)));
    if (value.primitive === "slice" && uses.get(original.operands[0]) === 1) value = productOfSlice(value, simplest);
    replaced.set(original, settle(value));
  }
  return { inputs, outputs: outputs.map(({ name, value }) => ({ name, value: replaced.get(value)! })) };
}

/** How often each value is read, by other values and as an output. */
function usesOf(order: readonly Tensor[], outputs: Program["outputs"]): Map<Tensor, number> {
  const uses = new Map<Tensor, number>();
  for (const value of [...order.flatMap((node) => node.operands), ...outputs.map((output) => output.value)]) {
    uses.set(value, (uses.get(value) ?? 0) + 1);
  }
  return uses;
}

function withOperands(value: Tensor, operands: readonly Tensor[]): Tensor {
  const changed = operands.some((operand, index) => operand !== value.operands[index]);
  return changed ? ({ ...value, operands } as Tensor) : value;
}

function withSimpleBody(value: Tensor): Tensor {
  if (value.primitive !== "loop") return value;
  return { ...value, attributes: { ...value.attributes, body: simplify(value.attributes.body) } };
}

/** Rewritten until nothing changes. */
function simplest(value: Tensor): Tensor {
  const next = rewrite(value);
  return next === value ? value : simplest(next);
}

/** Two values with one key are equal. Inputs and loop bodies are equal only to themselves. */
function keyOf(value: Tensor, identity: (value: object) => number): string {
  const operands = value.operands.map(identity).join(",");
  if (value.primitive === "input") return `input#${identity(value)}`;
  if (value.primitive === "constant") {
    const { data } = value.attributes;
    const content = data.length <= LARGEST_COMPARED ? Array.from(data, show).join(",") : `#${identity(data)}`;
    return `constant ${value.dtype}[${value.shape}] ${content}`;
  }
  if (value.primitive === "loop") return `loop#${identity(value)}`;
  // JSON writes null for every infinity and NaN, and 0 for -0
  const filling = value.primitive === "pad" ? show(value.attributes.value) : "";
  return `${value.primitive}(${operands}) ${JSON.stringify(value.attributes)}${filling} ${value.dtype}[${value.shape}]`;
}

const show = (number: number) => (Object.is(number, -0) ? "-0" : String(number));

function rewrite(value: Tensor): Tensor {
  if (isFoldable(value)) return folded(value);
  const [x] = value.operands;
  switch (value.primitive) {
    case "reshape": {
      const source = x.primitive === "reshape" ? x.operands[0] : x;
      if (sameShape(source.shape, value.shape)) return source;
      return source === x ? value : apply("reshape", [source], value.attributes);
    }
    case "broadcast":
      return sameShape(x.shape, value.shape) ? x : value;
    case "transpose":
      return oneTranspose(value);
    case "withGradient":
      return x;
    case "matmul":
      return absorbTransposes(value);
    case "add": {
      const side = sumOfNeighbours(value);
      return side === value ? neutral(value) : side;
    }
    case "sub":
    case "mul":
    case "div":
      return neutral(value);
    case "where":
      return chosen(value);
    case "maximum":
    case "minimum":
      return withoutBroadcasts(value);
    default:
      return value;
  }
}

const ELEMENTWISE: ReadonlySet<Primitive> = new Set(["add", "sub", "mul", "div", "where", "maximum", "minimum"]);

/** Operations that broadcast by themselves need no operand broadcast for them, as long as another fixes the shape. */
function withoutBroadcasts(value: Tensor): Tensor {
  if (!ELEMENTWISE.has(value.primitive)) return value;
  let operands = value.operands;
  for (const [index, operand] of value.operands.entries()) {
    if (operand.primitive !== "broadcast") continue;
    const trial = operands.map((other, position) => (position === index ? operand.operands[0] : other));
    const candidate = apply(value.primitive, trial, value.attributes as never);
    if (sameShape(candidate.shape, value.shape)) operands = trial;
  }
  return operands === value.operands ? value : ({ ...value, operands } as Tensor);
}

/** x + 0, x - 0, x · 1, x / 1 and 0 + x, 1 · x, where the shape does not change. */
function neutral(value: Node<"add" | "sub" | "mul" | "div"> & Tensor): Tensor {
  const [a, b] = value.operands;
  const element = value.primitive === "add" || value.primitive === "sub" ? 0 : 1;
  if (isScalar(b, element) && sameShape(a.shape, value.shape)) return a;
  const commutes = value.primitive === "add" || value.primitive === "mul";
  if (commutes && isScalar(a, element) && sameShape(b.shape, value.shape)) return b;
  return withoutBroadcasts(value);
}

function isScalar(x: Tensor, number: number): boolean {
  const source = x.primitive === "broadcast" ? x.operands[0] : x;
  return source.primitive === "constant" && source.attributes.data.every((element) => element === number);
}

/** Two transposes are one, and one that leaves the axes where they are is none. */
function oneTranspose(value: Node<"transpose">): Tensor {
  const [x] = value.operands;
  const outer = value.attributes.permutation;
  const twice = x.primitive === "transpose";
  const source = twice ? x.operands[0] : x;
  const permutation = twice ? outer.map((axis) => x.attributes.permutation[axis]) : outer;
  if (permutation.every((axis, index) => axis === index)) return source;
  return twice ? apply("transpose", [source], { permutation }) : (value as Tensor);
}

/** A condition that is one constant chooses before the program runs, where the shape does not change. */
function chosen(value: Node<"where"> & Tensor): Tensor {
  const [condition, a, b] = value.operands;
  const result = isScalar(condition, 1) ? a : isScalar(condition, 0) ? b : null;
  return result && sameShape(result.shape, value.shape) ? result : withoutBroadcasts(value);
}

/** (Xᵀ)·Y is a product that reads X the other way round. */
function absorbTransposes(value: Node<"matmul">): Tensor {
  let { transposeA, transposeB } = value.attributes;
  let [a, b] = value.operands;
  if (swapsLastTwo(a)) {
    a = a.operands[0];
    transposeA = !transposeA;
  }
  if (swapsLastTwo(b)) {
    b = b.operands[0];
    transposeB = !transposeB;
  }
  const changed = a !== value.operands[0] || b !== value.operands[1];
  return changed ? apply("matmul", [a, b], { transposeA, transposeB }) : (value as Tensor);
}

function swapsLastTwo(x: Tensor): boolean {
  if (x.primitive !== "transpose") return false;
  const { permutation } = x.attributes;
  const rank = permutation.length;
  return permutation.every((axis, index) => axis === (index < rank - 2 ? index : 2 * rank - 3 - index));
}

function isFoldable(value: Tensor): boolean {
  return (
    value.primitive !== "loop" &&
    value.primitive !== "item" &&
    value.operands.length > 0 &&
    value.operands.every((operand) => operand.primitive === "constant") &&
    sizeOf(value.shape) <= LARGEST_FOLDED &&
    !(value.primitive === "broadcast")
  );
}

function folded(value: Tensor): Tensor {
  const operands = value.operands.map((operand): Value => {
    const { data } = (operand as Node<"constant">).attributes;
    return { shape: operand.shape, data };
  });
  const rule = valueRules[value.primitive] as (node: Tensor, operands: readonly Value[]) => ArrayLike<number>;
  return constant(rule(value, operands), value.shape, value.dtype);
}
