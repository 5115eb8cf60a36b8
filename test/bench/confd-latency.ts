import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Etcd3 } from "etcd3";
import { startEtcd } from "../support/etcd.js";
import { HAPROXY } from "../support/haproxy-binary.js";
import { CONFD, Hecd } from "../support/hecd.js";
import { startHaproxy } from "../support/live-haproxy.js";
import { floorConfig } from "./floor-config.js";
import { startFloor } from "./process.js";
import { backends, fill, serverSaying, takeOver } from "./render-latency.js";
import { type Comparison, summaryOf } from "./statistics.js";

/** From one change to the next, as a person or a deployment makes them. */
const EVERY_MS = 500;

const WARM_UP = 5;

/**
 * From the answer to a put of a server's new address to the first request that it answers, through `confd -watch` with a
 * check and a reload by commands: beside a raw watch that writes the file, checks it and signals HAProxy, in turns.
 */
export function confdLatency(count: number): (rounds: number) => Promise<Comparison> {
  return async (rounds) => {
    await using etcd = await startEtcd();
    const config = (port: number): string => floorConfig(String(port), ["127.0.0.1:9"], undefined, backends(count));
    await using haproxy = await startHaproxy(config);
    await using bare = await startHaproxy(config);
    const confdir = join(haproxy.directory, "confdir");
    await mkdir(join(confdir, "conf.d"), { recursive: true });
    await mkdir(join(confdir, "templates"), { recursive: true });
    await writeFile(
      join(confdir, "conf.d/site.toml"),
      `[template]
src = "site.tmpl"
dest = "${haproxy.configPath}"
keys = ["/app"]
check_cmd = "${HAPROXY} -c -q -f {{.src}}"
reload_cmd = "kill -USR2 $(cat ${haproxy.pidFile})"
`,
    );
    await writeFile(join(confdir, "templates/site.tmpl"), templateOf(haproxy.port));
    const servers = [await serverSaying("a"), await serverSaying("b")];
    const bench = { etcd: new Etcd3({ hosts: etcd.endpoint }), servers };
    await fill(etcd, bench, count);
    const node = ["-backend", "etcdv3", "-node", etcd.endpoint];
    await using confd = new Hecd(["-watch", ...node, "-confdir", confdir], {}, CONFD);
    await confd.said(/has been updated/, 120_000);
    await using _floor = await startFloor(
      "floor-reload.ts",
      ...[etcd.endpoint, HAPROXY, bare.configPath, bare.pidFile],
    );
    const [ours, floor]: [number[], number[]] = [[], []];
    for (let round = -WARM_UP; round < rounds; round++) {
      for (const [times, key, at] of [
        [ours, "/app/servers/one", haproxy.port],
        [floor, "/floor/one", bare.port],
      ] as const) {
        const pause = delay(EVERY_MS / 2);
        const tookMs = await takeOver(bench, key, at, round % 2 === 0 ? 0 : 1);
        if (round >= 0) times.push(tookMs);
        await pause;
      }
    }
    bench.etcd.close();
    for (const { server } of servers) server.close();
    const what = `\`confd -watch\`, key in etcd to first request served, ${count} servers, beside a raw check and reload`;
    return { what, ours: summaryOf(ours), floor: summaryOf(floor) };
  };
}

/** In confd's language, what the floor has as a text. */
function templateOf(port: number): string {
  const servers = `{{range gets (printf "/app/%s/*" .)}}  server {{base .Key}} {{.Value}} check inter 5s fall 1 rise 2\n{{end}}`;
  const others = `{{range lsdir "/app"}}{{if ne . "servers"}}backend {{.}}\n${servers}{{end}}{{end}}`;
  const own = `{{range gets "/app/servers/*"}}  server s0 {{.Value}} check inter 5s fall 1 rise 2\n{{end}}`;
  return floorConfig(String(port), []).replace(/backend servers\n$/, `backend servers\n${own}${others}`);
}
