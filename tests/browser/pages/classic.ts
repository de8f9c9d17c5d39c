/** What the test of the classic worlds runs in the page. */
export { hashOfClassic } from "../../environments/classic-episodes.ts";
