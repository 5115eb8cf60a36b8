import { describe, expect, test } from "vitest";
import { TaskSlots } from "../../src/agent/task-slots.js";
import { heldUntil, type Starts, startsOf } from "../../src/core/decision/flapping.js";
import type { Container } from "../../src/core/model/container.js";
import { container, TOLD_TO_STOP } from "../support/containers.js";

const NEVER = "0001-01-01T00:00:00Z";

function task(id: string, changes: Partial<Container> = {}): Container {
  const labels = {
    "com.docker.swarm.service.id": "s1",
    "com.docker.swarm.service.name": "web",
    "com.docker.swarm.task.id": id,
    "com.docker.swarm.task.name": `web.1.${id}`,
  };
  return container(`web.1.${id}`, { labels, ...changes });
}

/** The slots of an agent, which sees a task come and go as Docker tells of it. */
class Slots {
  readonly #slots = new TaskSlots();
  readonly #starts = new Map<string, Starts>();
  #now = 0;

  at(seconds: number, ...containers: readonly Container[]): this {
    this.#now = seconds * 1_000;
    this.#slots.take(containers, this.#now);
    for (const one of containers) {
      const before = this.#starts.get(one.id);
      const starts = before ? startsOf(one, before, this.#now) : this.#slots.firstStarts(one, this.#now);
      this.#starts.set(one.id, starts);
      if (starts !== before) this.#slots.enter(one, starts, this.#now);
    }
    return this;
  }

  heldUntil(one: Container): number | undefined {
    const starts = this.#starts.get(one.id);
    return starts && heldUntil(starts);
  }
}

describe("tasks that come one after another in a slot of swarm", () => {
  test("are held out as a container that crashes over and over is", () => {
    const slots = new Slots();
    for (let number = 0; number < 4; number++) {
      const history = number === 0 ? [] : [task(`t${number - 1}`, { status: "exited" })];
      slots.at(number * 6, ...history, task(`t${number}`, { status: "created", startedAt: NEVER }));
      slots.at(number * 6 + 1, ...history, task(`t${number}`, { startedAt: `start ${number}` }));
      expect(slots.heldUntil(task(`t${number}`))).toBe(number < 3 ? undefined : (3 * 6 + 1 + 10) * 1_000);
    }
  });

  test("are held out also where swarm keeps no history", () => {
    const slots = new Slots();
    for (let number = 0; number < 4; number++) slots.at(number * 2, task(`t${number}`)).at(number * 2 + 1);
    slots.at(10, task("t4"));
    expect(slots.heldUntil(task("t4"))).toBeDefined();
  });

  test("are not when each was told to stop, as in an update", () => {
    const slots = new Slots();
    for (let number = 0; number < 6; number++) {
      slots.at(number * 2, task(`t${number}`)).at(number * 2 + 1, task(`t${number}`, { stopping: TOLD_TO_STOP }));
    }
    expect(slots.heldUntil(task("t5"))).toBeUndefined();
  });

  test("are not when the next one comes before the last one has ended", () => {
    const slots = new Slots().at(0, task("t0"));
    for (let number = 1; number < 6; number++) slots.at(number, task(`t${number - 1}`), task(`t${number}`));
    expect(slots.heldUntil(task("t5"))).toBeUndefined();
  });

  test("are not by the history that an agent finds when it starts", () => {
    const history = ["t0", "t1", "t2", "t3"].map((id) => task(id, { status: "exited" }));
    const slots = new Slots().at(0, ...history, task("t4"));
    expect(slots.heldUntil(task("t4"))).toBeUndefined();
  });
});
