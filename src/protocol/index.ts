/**
 * protocol: what the studio's page and its server say to one another. Messages on the socket with their schemas, and the
 * addresses and answers of HTTP: their types, and what they tell of an episode.
 *
 * Law: imports `base`, `world` and `datasets` only; `zod` checks what comes from a page. Says, and does nothing: no sockets,
 * no files.
 */
export { ADDRESSES, type EpisodeDetail, type EpisodeSummary, type Strip, type StudioSummary } from "./answers.ts";
export { CLIENT_LIMITS, type ClientMessage, fromBase64, parseClientMessage, toBase64 } from "./client.ts";
export type { JobState, PolicySummary } from "./policy.ts";
export type { ServerMessage } from "./server.ts";
export { episodeDetail, episodeSummary, stripOf } from "./summary.ts";
