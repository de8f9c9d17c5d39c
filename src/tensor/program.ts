/** Making programs, and the order in which their values can be computed. */
import type { Node, Program, Tensor } from "./primitive.ts";

/**
 * The program that computes `outputs` from `inputs`. Throws where an output depends on an input that is not listed, or
 * where two inputs, or an input and an output, carry one name: files and feeds tell values apart by name.
 */
export function program(inputs: readonly Node<"input">[], outputs: Readonly<Record<string, Tensor>>): Program {
  const names = new Set<string>();
  for (const { attributes } of inputs) {
    if (names.has(attributes.name)) throw new Error(`program: two inputs are named "${attributes.name}"`);
    names.add(attributes.name);
  }
  for (const name of Object.keys(outputs)) {
    if (names.has(name)) throw new Error(`program: an input and an output are both named "${name}"`);
  }
  const listed = new Set<Tensor>(inputs);
  const values = Object.entries(outputs).map(([name, value]) => ({ name, value }));
  for (const value of topologicalOrder(values.map((output) => output.value))) {
    if (value.primitive === "input" && !listed.has(value)) {
      throw new Error(`program: an output depends on the input "${value.attributes.name}", which is not listed`);
    }
  }
  return { inputs, outputs: values };
}

/** Everything that `roots` depend on, each value after its operands. Depth is not limited by the call stack. */
export function topologicalOrder(roots: readonly Tensor[]): Tensor[] {
  const order: Tensor[] = [];
  const seen = new Set<Tensor>();
  const stack: { value: Tensor; next: number }[] = [];
  for (const root of roots) {
    if (seen.has(root)) continue;
    seen.add(root);
    stack.push({ value: root, next: 0 });
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      const operand = top.value.operands[top.next++];
      if (operand === undefined) {
        order.push(top.value);
        stack.pop();
      } else if (!seen.has(operand)) {
        seen.add(operand);
        stack.push({ value: operand, next: 0 });
      }
    }
  }
  return order;
}
