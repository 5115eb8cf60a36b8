// The HEALTHCHECK of the image: exits 0 when the daemon of this container answers that it lives. Which one that is, and
// where it listens, is what process 1 was started with. Of what has no such address (confd, haproxy, --listen off)
// nothing better is known than that it runs.
import { readFileSync } from "node:fs";

const USUAL = { agent: "127.0.0.1:9180", render: "127.0.0.1:9181", up: "127.0.0.1:9180" };

const words = readFileSync("/proc/1/cmdline", "utf8").split("\0");
const command = words[words.findIndex((word) => word.endsWith("/hecd.js")) + 1];
const flag = words.findIndex((word) => word === "--listen" || word.startsWith("--listen="));
const named = flag < 0 ? process.env.HECD_LISTEN : (words[flag].split("=")[1] ?? words[flag + 1]);
const address = command in USUAL ? (named ?? USUAL[command]) : "off";

if (address !== "off") {
  const answer = await fetch(`http://${address}/healthz`, { signal: AbortSignal.timeout(4_000) });
  if (!answer.ok) throw new Error(`http://${address}/healthz answers ${answer.status}`);
}
