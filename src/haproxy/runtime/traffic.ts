import type { Traffic } from "../../core/fleet/traffic.js";
import { rowsIn } from "./statistics.js";

/** The question for what all frontends have answered. */
export const FRONTENDS_COMMAND = "show stat -1 1 -1";

const FRONTEND = "0";
const CLASSES = ["1xx", "2xx", "3xx", "4xx", "5xx", "other"];

/** Sums up the answer to it; frontends that speak no HTTP count nothing. */
export function trafficIn(answer: string): Traffic {
  let traffic: Traffic = { answers: 0, errors: 0 };
  for (const { text, count } of rowsIn(answer)) {
    if (text("type") !== FRONTEND) continue;
    const answers = CLASSES.reduce((sum, each) => sum + count(`hrsp_${each}`), 0);
    traffic = { answers: traffic.answers + answers, errors: traffic.errors + count("hrsp_5xx") };
  }
  return traffic;
}
