import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connect } from "node:tls";
import { makeCertificates, makeServerPem } from "../support/certificates.js";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/free-port.js";
import { Line } from "../support/line.js";
import { startHaproxy } from "../support/live-haproxy.js";
import { required } from "../support/required.js";
import { tempDir } from "../support/temp-dir.js";
import { floorConfig } from "./floor-config.js";
import { startFloor } from "./process.js";
import { type Comparison, summaryOf } from "./statistics.js";

const NAME = "shop.example.org";
const FILE = "shop.pem";

/** Longer than what follows a renewal takes, so that every round begins in quiet. */
const REST_MS = 500;

/** Rounds that are not counted: a daemon has long been warm when a certificate is renewed. */
const WARM_UP = 5;

/** An HAProxy that serves HTTPS by the certificate of a folder. */
interface Site {
  readonly folder: string;
  readonly port: number;
}

/** From the moment a renewed certificate lies in its folder to the first handshake that shows it, without a reload. */
export async function certificateRenewal(rounds: number): Promise<Comparison> {
  await using directory = await tempDir();
  await makeCertificates(directory.path);
  const pems = [await makeServerPem(directory.path, NAME), await makeServerPem(directory.path, NAME)];
  const [ours, floor] = [await siteIn(directory.path, "ours"), await siteIn(directory.path, "floor")];
  const staged = join(directory.path, "staged.pem");
  for (const { folder } of [ours, floor]) await put(folder, staged, required(pems[1], "certificate"));

  const env = { HECD_TLS_CERTS: ours.folder, HECD_HTTPS_BIND: `127.0.0.1:${ours.port}` };
  await using line = await Line.start({ env });
  await line.renderer().said(/"event":"applied"/);
  const socket = join(directory.path, "admin.sock");
  await using _bare = await startHaproxy((port) =>
    floorConfig(String(port), [], socket).replace(
      "frontend web\n",
      `frontend web\n  bind 127.0.0.1:${floor.port} ssl crt ${floor.folder}\n`,
    ),
  );
  await using _floor = await startFloor("floor-certificate.ts", join(floor.folder, FILE), socket);
  const reloads = await line.haproxy.reloads();
  const times = { ours: [] as number[], floor: [] as number[] };
  for (let round = -WARM_UP; round < rounds; round++) {
    const pem = required(pems[round % 2 === 0 ? 0 : 1], "certificate");
    for (const [who, { folder, port }] of [["ours", ours] as const, ["floor", floor] as const]) {
      await delay(REST_MS);
      await put(folder, staged, pem);
      const begun = performance.now();
      const wanted = new X509Certificate(pem).serialNumber;
      await eventually("the new serial", async () => (await serialAt(port)) === wanted, 10_000, 1);
      if (round >= 0) times[who].push(performance.now() - begun);
    }
  }
  const reloaded = (await line.haproxy.reloads()) - reloads;
  if (reloaded > 0) throw new Error(`The renderer reloaded ${reloaded} times`);
  const what = "certificate renewed on disk to first handshake with it, checked and read back";
  return { what, ours: summaryOf(times.ours), floor: summaryOf(times.floor) };
}

async function siteIn(directory: string, name: string): Promise<Site> {
  const folder = join(directory, name);
  await mkdir(folder);
  return { folder, port: await freePort() };
}

/** Puts a certificate into a folder, by a rename. */
async function put(folder: string, staged: string, pem: string): Promise<void> {
  await writeFile(staged, pem);
  await rename(staged, join(folder, FILE));
}

/** The serial of the certificate that is shown at a port. */
async function serialAt(port: number): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port, servername: NAME, rejectUnauthorized: false });
  try {
    await once(socket, "secureConnect");
    return socket.getPeerCertificate().serialNumber;
  } finally {
    socket.destroy();
  }
}
