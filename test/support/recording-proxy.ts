import { once } from "node:events";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { tempDir } from "./temp-dir.js";

/** What a client sent in one piece, and when by the clock of `performance`. */
interface Sent {
  readonly text: string;
  readonly at: number;
}

/** A Unix socket that leads to another one and keeps what its clients send. */
export interface RecordingProxy extends AsyncDisposable {
  readonly path: string;
  /** Everything sent so far, in order. */
  readonly sent: readonly Sent[];
}

/** Starts one before `target`; disposing closes it. */
export async function startRecordingProxy(target: string): Promise<RecordingProxy> {
  const folder = await tempDir();
  const path = join(folder.path, "proxy.sock");
  const sent: Sent[] = [];
  // A client of HAProxy closes its side and then reads the answer.
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const there = connect({ path: target, allowHalfOpen: true });
    client.on("data", (bytes) => sent.push({ text: bytes.toString(), at: performance.now() }));
    client.on("error", () => there.destroy());
    there.on("error", () => client.destroy());
    client.pipe(there).pipe(client);
  });
  await once(server.listen(path), "listening");
  return {
    path,
    sent,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
      await folder[Symbol.asyncDispose]();
    },
  };
}
