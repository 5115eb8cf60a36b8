import type { Adjustment, ProxyDriver } from "../../ports.js";

/** What one turn, in whatever parts, has done to what reads a file. */
export interface TurnLog {
  readonly how: "runtime" | "reload" | undefined;
  /** Why it took a reload. */
  readonly reason: string | undefined;
  readonly commands: number;
  /** What commands have done, in words. */
  readonly did: readonly string[];
}

/** Drives what reads a file by another driver, and notes what is done. */
export class NotedDriver implements ProxyDriver {
  readonly #driver: ProxyDriver;
  readonly #did = new Set<string>();
  #commands = 0;
  #reason: string | undefined;
  #isReloaded = false;

  constructor(driver: ProxyDriver) {
    this.#driver = driver;
  }

  get report(): ProxyDriver["report"] {
    return this.#driver.report;
  }

  /** What has been done since this was asked for last. */
  take(): TurnLog {
    const log = {
      how: this.#isReloaded ? ("reload" as const) : this.#commands > 0 ? ("runtime" as const) : undefined,
      reason: this.#isReloaded ? this.#reason : undefined,
      commands: this.#commands,
      did: [...this.#did],
    };
    this.#did.clear();
    [this.#commands, this.#reason, this.#isReloaded] = [0, undefined, false];
    return log;
  }

  check(...args: Parameters<ProxyDriver["check"]>): ReturnType<ProxyDriver["check"]> {
    return this.#driver.check(...args);
  }

  async adjust(...args: Parameters<ProxyDriver["adjust"]>): Promise<Adjustment> {
    const adjustment = await this.#driver.adjust(...args);
    if ("commands" in adjustment) this.#commands += adjustment.commands;
    if ("did" in adjustment) for (const deed of adjustment.did ?? []) this.#did.add(deed);
    if (adjustment.kind === "reload") this.#reason = adjustment.reason;
    return adjustment;
  }

  async reload(...args: Parameters<ProxyDriver["reload"]>): ReturnType<ProxyDriver["reload"]> {
    this.#isReloaded = true;
    return this.#driver.reload(...args);
  }
}
