/** What the Push-T test runs in the page. */
import { episodeFingerprint } from "../../environments/push-t-episode.ts";

export const fingerprintInPage = () => episodeFingerprint();
