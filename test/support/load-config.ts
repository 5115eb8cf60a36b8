import type { TestServer } from "./load.js";

/** A server and its share. */
export interface Wanted {
  readonly server: TestServer;
  readonly weight: number;
}

/** A configuration in the words of the stock template; `more` goes to its end, `global` into its first section. */
export function configOf(port: number, socket: string, wanted: readonly Wanted[], more = "", global = ""): string {
  const lines = wanted.map(
    ({ server, weight }) =>
      `    server ${server.name}:127.0.0.1:${server.port} 127.0.0.1:${server.port} check inter 5s fall 1 rise 2 weight ${weight}\n`,
  );
  return `global
    ${global}
    stats socket ${socket} mode 600 level admin
    hard-stop-after 5s
    mworker-max-reloads 5
defaults
    mode http
    option idle-close-on-response
    retries 3
    option redispatch
    retry-on conn-failure empty-response
    balance roundrobin
    default-server pool-purge-delay 1s
    timeout connect 3s
    timeout client 50s
    timeout server 50s
    timeout http-keep-alive 10s
frontend _http
    bind 127.0.0.1:${port}
    default_backend web
backend web
${lines.join("")}${more}`;
}
