/**
 * experts: scripted actors that know how; each can be asked at any state and repeats itself under the same seed.
 *
 * Law: imports `base`, `world` and `environments`. An expert sees what a policy sees, unless its file says otherwise.
 */
export { cartPoleExpert, pendulumExpert } from "./classic.ts";
export { drivingExpert } from "./driving/expert.ts";
export { DRIVING_STYLES, type DrivingStyle } from "./driving/way.ts";
export { forkExpert } from "./fork.ts";
export { pushTExpert } from "./push-t.ts";
export { chainExpert, driftExpert } from "./theory.ts";
