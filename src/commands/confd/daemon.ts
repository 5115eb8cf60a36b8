import type { Backend } from "../../core/model/backend.js";
import { BackendStores } from "../../edges/documents/backend-stores.js";
import { PolledStore } from "../../edges/documents/polled-store.js";
import { systemClock } from "../../flow/clock.js";
import { linkedSignal } from "../../flow/linked-signal.js";
import { Renderer } from "../../renderer/renderer.js";
import { type Confd, partsOf, depsOf, emitOf } from "./modes.js";
import { openService } from "./service.js";

/** What an orderly end may need besides the reload that is under way. */
const STOP_MARGIN_MS = 1_800;

/** Keeps every file up to date until `signal` aborts. */
export async function runDaemon(confd: Confd, signal: AbortSignal): Promise<never> {
  const { settings, world, journal, templates } = confd;
  const stopMs = settings["shutdown-timeout"];
  world.allowForStop(stopMs + STOP_MARGIN_MS);
  world.takeHangups(() => {
    journal.write({ level: "info", message: "Captured SIGHUP. Reading conf.d and templates again" });
    templates.lookAgain();
  });
  const onStop = (): void => {
    const message = `Captured ${String(signal.reason instanceof Error ? signal.reason.message : signal.reason)}. Exiting...`;
    journal.write({ level: "info", message: message.replace("received ", "") });
  };
  signal.addEventListener("abort", onStop, { once: true });
  await using stores = new BackendStores({ ...depsOf(journal), emit: emitOf(confd), env: world.env });
  await using service = await openService(settings, confd, emitOf(confd));
  const { emit } = service;
  const polled = { clock: systemClock, emit };
  const storeOf = (backend: Backend) => {
    const store = stores.of(backend);
    return settings.watch ? store : new PolledStore(store, settings.interval * 1_000, polled);
  };
  const renderer = new Renderer(partsOf(confd, emit, storeOf));
  using work = linkedSignal(signal);
  const serving = service.serve(renderer, work.signal);
  try {
    return await renderer.run(work.signal);
  } finally {
    work[Symbol.dispose]();
    await serving;
  }
}
