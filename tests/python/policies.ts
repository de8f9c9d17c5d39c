/** Policies of every head for tests/python/check.py, and the example of docs/export.md with a world to run in. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "../../scripts/house.ts";
import { exportPolicy, type Policy, policyProgram, policyRecipe } from "../../src/policies/index.ts";
import { interpret } from "../../src/tensor/index.ts";
import { limitOf, liveChunks, ONE_OF_EACH, policyOf, questions } from "../policies/every.ts";

const ROWS = 4;

/** Beside each policy its inputs and what it does itself with them; differences are judged in normalised actions. */
export function writePolicies(folder: string): void {
  ONE_OF_EACH.forEach(({ policy }, index) => {
    const { histories, noise, noiseSize } = questions(policy, ROWS);
    const rows = Array.from({ length: ROWS }, (_, row) => Array.from(histories.subarray(row * 9, row * 9 + 9)));
    const float = (shape: number[], data: ArrayLike<number>) => ({ dtype: "float32", shape, data: Array.from(data) });
    const inputs = {
      observation: float(
        [ROWS, 3],
        rows.flatMap((row) => row.slice(6)),
      ),
      state: float(
        [ROWS, 2, 3],
        rows.flatMap((row) => row.slice(0, 6)),
      ),
      ...(noiseSize > 0 && { noise: float([ROWS, noiseSize], noise) }),
    };
    const outputs = {
      actions: float([ROWS, 4, 2], liveChunks(policy, ROWS).map(Math.fround)),
      next_state: float(
        [ROWS, 2, 3],
        rows.flatMap((row) => row.slice(3)),
      ),
    };
    const scale = { actions: Array.from(policy.spec.action.normaliser.scale) };
    const expected = { inputs, outputs, scale, rtol: 0, atol: limitOf(policy) };
    const name = `policy-${index + 1}-${policy.spec.recipe.head.kind}`;
    writeFileSync(join(folder, `${name}.onnx`), exportPolicy(policy, { batch: ROWS }));
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(expected));
  });
}

/** Steps of the example in docs/export.md. */
const STEPS = 200;

/** A point that is pushed about, and remembers how. The same sums in the same order as in `pushed`. */
const WORLD = `import atexit, json, math
x = y = 0.0
taken = []

def observe():
    return [x, y, math.sin(len(taken) / 10)]

def act(action):
    global x, y
    taken.append([float(number) for number in action])
    x += 0.001 * math.tanh(action[0])
    y += 0.001 * math.tanh(action[1])

atexit.register(lambda: json.dump(taken, open("taken.json", "w")))
`;

/** The example as it stands in docs/export.md, beside a policy, and what that one does in the world where it is no dice. */
export function writeExample(folder: string): void {
  const page = readFileSync(join(REPOSITORY, "docs", "export.md"), "utf8");
  const [, example] = /^```python\n(.*?)^```/ms.exec(page)!;
  const horizons = { observationHorizon: 1, predictionHorizon: 3, actionHorizon: 2 };
  const cases = {
    "example-l2": ONE_OF_EACH[0].policy,
    "example-one-observation": policyOf(policyRecipe("l2", { hidden: [8] }), false, horizons),
    "example-diffusion": ONE_OF_EACH.find(({ name }) => name.startsWith("diffusion"))!.policy,
  };
  for (const [name, policy] of Object.entries(cases)) {
    const own = join(folder, `${name}.example`);
    mkdirSync(own);
    writeFileSync(join(own, "world.py"), WORLD);
    writeFileSync(join(own, "example.py"), example);
    writeFileSync(join(own, "policy.onnx"), exportPolicy(policy));
    const isRandom = policy.spec.recipe.head.kind === "diffusion";
    const scale = Array.from(policy.spec.action.normaliser.scale);
    const expected = { steps: STEPS, scale, taken: isRandom ? null : pushed(policy) };
    writeFileSync(join(own, "expected.json"), JSON.stringify(expected));
  }
}

/** The actions of the policy by receding horizon, by the interpreter. */
function pushed(policy: Policy): number[][] {
  const { observationHorizon: To, actionHorizon: Ta } = policy.spec.horizons;
  const program = policyProgram(policy);
  const seen: number[][] = [];
  const taken: number[][] = [];
  let [x, y] = [0, 0];
  let plan: ArrayLike<number> = [];
  for (let step = 0; step < STEPS; step++) {
    seen.push([x, y, Math.sin(step / 10)]);
    if (step % Ta === 0) {
      const history = Array.from({ length: To }, (_, i) => seen[Math.max(0, step - To + 1 + i)]);
      const [observation, state] = [history[To - 1], history.slice(0, -1).flat()];
      plan = interpret(program, { observation, state }).actions.data;
    }
    const place = 2 * (To - 1 + (step % Ta));
    taken.push([plan[place], plan[place + 1]]);
    x += 0.001 * Math.tanh(plan[place]);
    y += 0.001 * Math.tanh(plan[place + 1]);
  }
  return taken;
}
