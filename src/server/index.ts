/**
 * server: the studio's server. The page's files, episodes that pages record, annotations, downloads, and the training jobs
 * and policies of `jobs/`, behind a token, over HTTP and WebSocket (docs/studio-server.md).
 *
 * Law: imports every lower floor; Node only. Says nothing on the terminal: whoever starts it is told.
 */
export { type StudioOptions, type StudioServer, startStudio } from "./studio.ts";
