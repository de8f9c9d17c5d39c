/**
 * A person behind the interface of supervisors: the device says what the hands do, the page what is requested; both are heeded in the
 * next control step. Taking over latches, as the table has it: a person who touches nothing still drives.
 */
import { InputError } from "../base/index.ts";
import type { Answer, Moment, Request, Supervisor } from "../rollouts/index.ts";
import { type Box, clampTo, type Observation } from "../world/index.ts";

/** The person's place beside one lane. */
export interface Port extends Supervisor {
  /** What is requested of the next step, in its order. */
  readonly waiting: readonly Request[];
  request(request: Request): void;
  /** Takes back what has not been heeded yet. */
  forget(): void;
}

export interface Person {
  name: string;
  /** While the policy drives, what the hands do is recorded as the label. */
  shadow: boolean;
  /** What the device says now [Da], null for nothing. Throws InputError for another number of numbers, or one not finite. */
  input(action: ArrayLike<number> | null): void;
  /** The place beside a lane; where the person looks at it, and there alone, the hands act. */
  port(isAttended: () => boolean): Port;
}

export interface PersonSetup {
  readonly name: string;
  readonly space: Box;
  /** The action of who touches nothing; default: 0, as near as the bounds allow. */
  readonly neutral?: (observation: Observation) => ArrayLike<number>;
}

export function createPerson({ name, space, neutral }: PersonSetup): Person {
  const still = clampTo(space, new Float32Array(space.names.length));
  let hands: Float32Array | null = null;
  const doing = (observation: Observation): Float32Array =>
    hands ? hands.slice() : neutral ? Float32Array.from(neutral(observation)) : still.slice();
  const person: Person = {
    name,
    shadow: false,
    input(action) {
      if (action && !isAction(action, space)) {
        const found = Array.from(action).join(", ");
        const names = space.names.join(", ");
        throw new InputError(`input: found [${found}], expected ${space.names.length} finite numbers (${names})`);
      }
      hands = action && Float32Array.from(action);
    },
    port(isAttended) {
      let waiting: Request[] = [];
      return {
        get name() {
          return person.name;
        },
        get waiting() {
          return waiting;
        },
        request(request) {
          waiting.push(request);
        },
        forget() {
          waiting = [];
        },
        reset() {},
        requests() {
          const heeded = waiting;
          waiting = [];
          return heeded;
        },
        answer({ phase, observation }: Moment, asked): Answer | null {
          const shadows = person.shadow && isAttended();
          return phase === "expert" || asked || shadows ? { label: doing(observation) } : null;
        },
      };
    },
  };
  return person;
}

const isAction = (action: ArrayLike<number>, { names }: Box): boolean =>
  action.length === names.length && Array.from(action).every((value) => Number.isFinite(Math.fround(value)));
