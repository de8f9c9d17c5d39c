/** How time passes on the road. */

/** Hz; and how often the physics advances in each control period. */
export const CONTROL_RATE = 20;
export const PARTS = 5;
/** s, of control and of physics. */
export const PERIOD = 1 / CONTROL_RATE;
export const PART = PERIOD / PARTS;
