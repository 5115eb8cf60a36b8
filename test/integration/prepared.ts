import { look } from "../../tools/machine/facts.mjs";
import { announcementOf, planOf } from "../../tools/machine/plan.mjs";

/** Makes sure that the real parts are there before any test asks for them. */
export default async function assertPrepared(): Promise<void> {
  const steps = planOf(await look("test")).filter(({ kind }) => kind !== "npm");
  if (steps.length === 0) return;
  const missing = steps.map((step) => `  ${announcementOf(step)}`).join("\n");
  throw new Error(
    `Integration tests need this done first:\n${missing}\nRun npm test, or node tools/machine/prepare.mjs test`,
  );
}
