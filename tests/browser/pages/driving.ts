export { hashOfDriving } from "../../environments/driving-values.ts";
