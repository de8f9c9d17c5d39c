/** Times of steps are quotients of step and rate: what should differ by a tenth of a second may fall short of it by 1e-16. */
const SLACK = 1e-9;

/** Whether at `now` so many seconds have gone by since `since`. */
export const hasElapsed = (seconds: number, since: number, now: number): boolean => now - since >= seconds - SLACK;
