import { findContainer } from "../core/decision/find-container.js";
import { shortId } from "../core/decision/new-instance.js";
import { serversByAddress, workThrough } from "../core/decision/shared-address.js";
import { readLabels } from "../core/labels/labels.js";
import type { Container } from "../core/model/container.js";
import { stopContainer } from "../edges/docker/control.js";
import { askAgent } from "../edges/status/agent-client.js";
import { order } from "../edges/status/client.js";
import { reasonOf } from "../errors.js";
import { sleep, systemClock as clock } from "../flow/clock.js";
import { graceSignal } from "../flow/deadline.js";
import type { Settings } from "../settings.js";
import { tokenOf } from "./daemon.js";
import type { OperandCommand, ProcessWorld } from "./command.js";
import { locate } from "./inquiry.js";

/** How long a container goes on draining when nobody said: HAProxy has heard of it by then, and short requests are over. */
const DRAIN_DELAY_MS = 5_000;

/** How long taking a drain back may last once somebody wants the command to end. */
const TAKE_BACK_MS = 2_000;

/** `hecd stop`: a container gets no new work, finishes what it has, and is stopped. */
export const stopCommand: OperandCommand = {
  operand: { name: "CONTAINER" },
  explanation: [
    "Has the agent of this host drain a container, waits, then stops it as docker stop does. Where no agent answers",
    "it says so and stops the container all the same. A container that is not registered is stopped without a wait.",
    "CONTAINER is a name or the beginning of an id. Ctrl-C during the wait calls the stop off: the container serves again.",
    "",
    "  hecd stop web-1 --drain-delay 10s",
  ].join("\n"),
  settings: ["drain-delay", "agent", "admin-token-file", "docker", "docker-tls", "docker-cert-path", "docker-config"],
  async run({ operand }, settings, world, signal) {
    const { stdout, stderr } = world;
    stdout.write(`Stopping ${operand}...\n`);
    const { container, engine } = await locate(operand, settings, signal);
    stdout.write(`Found container ${shortId(container.id)}\n`);
    const drain = await drainOf(container, settings, world, signal);
    try {
      if (await drain?.begin(signal)) await sleep(drainDelayOf(container, settings), clock, signal);
    } catch (error) {
      stderr.write(`Called off: ${container.name} was not stopped\n`);
      await drain?.takeBack(signal);
      throw error;
    }
    try {
      await stopContainer(container.id, engine.connection, signal);
    } catch (error) {
      if (signal.aborted) stderr.write(`Did not wait for the end: Docker goes on to stop ${container.name}\n`);
      else await drain?.takeBack(signal);
      throw error;
    }
    stdout.write("Stopped.\n");
    return 0;
  },
};

/** The flag, else the label, else the default. */
function drainDelayOf(container: Container, settings: Settings): number {
  const config = readLabels(container, settings.compat);
  const byLabel = "reason" in config ? undefined : config.drainDelayMs;
  return settings["drain-delay"] ?? byLabel ?? DRAIN_DELAY_MS;
}

/** How to drain a container; undefined, with the reason told, where that cannot be done or would change nothing. */
async function drainOf(
  container: Container,
  settings: Settings,
  world: ProcessWorld,
  signal: AbortSignal,
): Promise<Drain | undefined> {
  const { agent: address } = settings;
  const token = await tokenOf(settings, "admin-token-file");
  const asked = await askAgent(address, clock, signal);
  if (asked.kind === "silent") {
    const why = `No agent answers at ${address} (${asked.reason})`;
    world.stderr.write(`${why}: ${container.name} is stopped without being drained\n`);
    return undefined;
  }
  const found = findContainer(container.id, asked.report.containers);
  if (found.kind !== "found" || !("instances" in found.container.decision)) return undefined;
  const wasDrained = found.container.decision.instances.some(({ drained }) => drained === true);
  const work = workThrough(found.container, serversByAddress(asked.report.containers));
  return new Drain(container, { place: { address, token, clock }, wasDrained, work }, world);
}

/** Whom to order, and by which right. */
type Place = Parameters<typeof order>[2];

/** The drain before a stop. */
class Drain {
  readonly #container: Container;
  readonly #place: Place;
  readonly #wasDrained: boolean;
  readonly #work: string | undefined;
  readonly #world: ProcessWorld;
  #begun = false;

  constructor(
    container: Container,
    how: { readonly place: Place; readonly wasDrained: boolean; readonly work: string | undefined },
    world: ProcessWorld,
  ) {
    this.#container = container;
    this.#place = how.place;
    this.#wasDrained = how.wasDrained;
    this.#work = how.work;
    this.#world = world;
  }

  /** Resolves to whether the container drains now; why not is told. */
  async begin(signal: AbortSignal): Promise<boolean> {
    const { id, name } = this.#container;
    this.#begun = true;
    try {
      await order("drain", { container: id }, this.#place, signal);
    } catch (error) {
      signal.throwIfAborted();
      this.#begun = false;
      this.#world.stderr.write(`${reasonOf(error)}: ${name} is stopped without being drained\n`);
      return false;
    }
    this.#world.stdout.write(`Draining ${name}${this.#work === undefined ? "" : `; ${this.#work}`}\n`);
    return true;
  }

  /** Has the container serve again, unless it was drained before; also after `signal` has aborted. Never rejects. */
  async takeBack(signal: AbortSignal): Promise<void> {
    if (!this.#begun || this.#wasDrained) return;
    const { id, name } = this.#container;
    const { stderr } = this.#world;
    using last = graceSignal(TAKE_BACK_MS, clock, signal);
    try {
      await order("undrain", { container: id }, this.#place, last.signal);
      stderr.write(`${name} is undrained and serves again\n`);
    } catch (error) {
      stderr.write(`${name} is still drained, bring it back with hecd undrain ${name}: ${reasonOf(error)}\n`);
    }
  }
}
