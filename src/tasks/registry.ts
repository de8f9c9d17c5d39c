/** The tasks of the house. */
import {
  cartPoleWorld,
  drivingWorld,
  forkWorld,
  pendulumWorld,
  pushTWorld,
  type Scenario,
} from "../environments/index.ts";
import {
  cartPoleExpert,
  DRIVING_STYLES,
  type DrivingStyle,
  drivingExpert,
  forkExpert,
  pendulumExpert,
  pushTExpert,
} from "../experts/index.ts";
import { defineTask, type Task, unknownName } from "./task.ts";

const pushT = defineTask({
  name: "push-t",
  description: "push a T-shaped block onto its goal with a disc, seen from above",
  makeEnvironment: () => pushTWorld(),
  experts: { pusher: () => pushTExpert() },
});

/** The experts read the scene of the world, not its observation (src/experts/driving). */
const driving = (scenario: Scenario, description: string): Task =>
  defineTask({
    name: drivingWorld({ scenario }).spec.name,
    description,
    makeEnvironment: () => drivingWorld({ scenario }),
    experts: Object.fromEntries(DRIVING_STYLES.map((style) => [style, by(style)])),
  });
const by = (style: DrivingStyle) => (world: ReturnType<typeof drivingWorld>) => drivingExpert(world, style);

const fork = defineTask({
  name: "fork",
  description: "the smallest of them: pass a disc on the left or on the right, seeing nothing but one's own position",
  makeEnvironment: () => forkWorld(),
  experts: { "either-side": () => forkExpert() },
});

const cartPole = defineTask({
  name: "cart-pole",
  description: "push a cart left or right so that the pole on it does not fall (Gymnasium's CartPole-v1)",
  makeEnvironment: () => cartPoleWorld(),
  experts: { balance: () => cartPoleExpert() },
});

const pendulum = defineTask({
  name: "pendulum",
  description: "swing a rod up with too little torque, and hold it there (Gymnasium's Pendulum-v1)",
  makeEnvironment: () => pendulumWorld(),
  experts: { "swing-up": () => pendulumExpert() },
});

/** In the order in which they are listed. */
export const TASKS: readonly Task[] = [
  driving("traffic", "drive a road of three lanes with bends, past slow and standing vehicles and road works"),
  driving("fork", "drive past a crate that lies 20 m ahead in the middle of the road, on either side"),
  driving("urgent", "drive past a crate that falls onto the road less than 1 s ahead"),
  driving("leisurely", "drive past a crate that is in sight for more than 5 s"),
  pushT,
  fork,
  cartPole,
  pendulum,
];

/** The task of that name. Throws InputError that names the nearest there is. */
export function findTask(name: string): Task {
  const found = TASKS.find((task) => task.name === name);
  if (found) return found;
  throw unknownName(
    "there is no task",
    name,
    TASKS.map((task) => task.name),
  );
}
