// Brings this machine to where HECD runs: `node prepare.mjs start` for the demo, `node prepare.mjs test` for the tests,
// `node prepare.mjs packages` for those of the packages, `node prepare.mjs boot` for those that boot a machine of their own.
// Plain Node without packages, because it is what installs them.
import { fileURLToPath } from "node:url";
import { hideCarriedNode } from "./carried-node.mjs";
import { startEngine } from "./engine.mjs";
import { look, PROJECT } from "./facts.mjs";
import { makeImages } from "./images.mjs";
import { alone } from "./lock.mjs";
import { announcementOf, planOf, refusalOf } from "./plan.mjs";
import { main, must, Obstacle, run } from "./program.mjs";

/**
 * Does what is missing for a purpose, saying each thing before it is done; an `Obstacle` names all that it may not do.
 *
 * @param {import("./plan.mjs").Purpose} purpose
 * @returns {Promise<void>}
 */
export async function prepare(purpose) {
  if ((await nextStep(purpose)) === undefined) return;
  await alone("hecd-prepare", async () => {
    /** @type {Set<string>} */
    const done = new Set();
    // Looked at anew each time: another run may have done it while this one waited, and one step shows what the next is.
    for (let step = await nextStep(purpose); step !== undefined; step = await nextStep(purpose)) {
      const announcement = announcementOf(step);
      if (done.has(announcement)) throw new Obstacle(`Still to be done, although it was: ${announcement}`);
      console.log(`==> ${announcement}`);
      await carryOut(step);
      done.add(announcement);
    }
  });
}

/** @param {import("./plan.mjs").Purpose} purpose */
async function nextStep(purpose) {
  const facts = await look(purpose);
  const steps = planOf(facts);
  const refusal = refusalOf(facts, steps);
  if (refusal !== undefined) throw new Obstacle(refusal);
  return steps[0];
}

/** @param {import("./plan.mjs").Step} step */
async function carryOut(step) {
  switch (step.kind) {
    case "npm":
      await must("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: PROJECT });
      hideCarriedNode();
      return;
    case "packages":
      await installPackages(step);
      return;
    case "cgroups":
      await must("cgroupfs-mount", []);
      return;
    case "engine":
      await startEngine(step.by);
      return;
    case "images":
      await makeImages(step.images);
  }
}

/**
 * Installs Debian packages, but not the services that come with some: who runs a test does not ask for an etcd that
 * starts with the machine. A service that is masked while its package is set up is not started then; disabling it
 * keeps it so afterwards, and `systemctl enable --now` is all it takes to have it.
 *
 * @param {{ readonly packages: readonly string[], readonly heldUnits: readonly string[] }} step
 */
async function installPackages({ packages, heldUnits }) {
  const env = { DEBIAN_FRONTEND: "noninteractive", NEEDRESTART_SUSPEND: "1" };
  const apt = ["-o", "DPkg::Lock::Timeout=300"];
  const update = await run("apt-get", ["update", ...apt], { env });
  // The lists at hand may be good enough; if not, the installation says so in better words.
  if (update.code !== 0)
    console.log(`    apt-get update failed, going on with the lists at hand: ${update.stderr.trim()}`);
  const install = ["install", "-y", "--no-install-recommends", ...apt, ...packages];
  const { systemd } = await look("start");
  const held = systemd ? heldUnits : [];
  if (held.length > 0) await must("systemctl", ["mask", "--runtime", ...held]);
  try {
    await must("apt-get", install, { env });
  } finally {
    if (held.length > 0) await must("systemctl", ["unmask", "--runtime", ...held]);
  }
  if (held.length > 0) await run("systemctl", ["disable", ...held]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(async () => {
    const purpose = process.argv[2] ?? "start";
    if (purpose !== "start" && purpose !== "test" && purpose !== "packages" && purpose !== "boot") {
      console.error(`Unknown purpose "${purpose}": it is start, test, packages or boot`);
      return 64;
    }
    await prepare(purpose);
    return 0;
  });
}
