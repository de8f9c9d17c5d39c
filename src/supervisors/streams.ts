/** The streams of an episode's actor key from which supervisors draw: numbers that no step has, so that none meets a policy's. */
export const STREAMS = { coin: 2 ** 31 + 1, attention: 2 ** 31 + 2, disturbance: 2 ** 31 + 3 } as const;
