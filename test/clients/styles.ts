import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** Where a style's configuration listens, and where its sockets and files are. */
export interface Places {
  readonly port: number;
  readonly statsPort: number;
  readonly socket: string;
  /** The folder of `cert.pem`, `key.pem` and `both.pem`. */
  readonly certificates: string;
}

/** A template as somebody may have it. */
export interface Style {
  readonly name: string;
  /** Whether clients and servers speak TLS. */
  readonly tls: boolean;
  /** Whether a GET is asked again that a server has taken and not answered. */
  readonly repeats: boolean;
  /** How long a request waits where there is no server. */
  readonly holdMs: number;
  /** The template's file, whose ending says its language, and its text. */
  readonly src: string;
  readonly source: (places: Places) => Promise<string>;
  readonly env: (places: Places) => Readonly<Record<string, string>>;
}

const templates = fileURLToPath(new URL("../../templates", import.meta.url));
const stock = (name: string) => ({ src: name, source: () => readFile(`${templates}/${name}`, "utf8") });
const common = ({ statsPort, socket }: Places) => ({
  HECD_STATS_BIND: `127.0.0.1:${statsPort}`,
  HECD_HAPROXY_SOCKET: socket,
});

const HTTP: Style = {
  name: "stock HTTP",
  tls: false,
  repeats: true,
  holdMs: 0,
  ...stock("haproxy.cfg.hbs"),
  env: (places) => ({ ...common(places), HECD_HTTP_BIND: `127.0.0.1:${places.port}` }),
};

/** A style whose requests or connections wait for a server. */
function held(style: Style): Style {
  const hold = { HECD_HOLD: "40s", HECD_HOLD_SCRIPT: `${templates}/hold.lua` };
  const name = `${style.name} with HECD_HOLD=40s`;
  return { ...style, name, holdMs: 40_000, env: (places) => ({ ...style.env(places), ...hold }) };
}

const TCP: Style = {
  name: "stock TCP",
  tls: false,
  repeats: false,
  holdMs: 0,
  ...stock("haproxy-tcp.cfg.hbs"),
  env: (places) => ({ ...common(places), HECD_TCP_SERVICES: `servers=127.0.0.1:${places.port}` }),
};

const CONFD: Style = {
  name: "confd-style",
  tls: false,
  repeats: false,
  holdMs: 0,
  src: "haproxy.tmpl",
  env: () => ({}),
  source: async ({ port, socket }) => `global
    maxconn 4096
    stats socket ${socket} mode 600 level admin

defaults
    mode http
    retries 3
    option redispatch
    timeout connect 5000
    timeout client 50000
    timeout server 50000

frontend http-in
    bind 127.0.0.1:${port}
    default_backend servers

backend servers
    balance roundrobin
{{range gets "/app/servers/*"}}    server {{base .Key}} {{.Value}} check inter 5000 fall 1 rise 2
{{end}}`,
};

const TLS: Style = {
  name: "a user's with TLS",
  tls: true,
  repeats: true,
  holdMs: 0,
  src: "haproxy.cfg.hbs",
  env: () => ({}),
  source: async ({ port, socket, certificates }) => `global
    stats socket ${socket} mode 600 level admin
    hard-stop-after 1m

defaults
    mode http
    option idle-close-on-response
    option redispatch
    retries 3
    retry-on conn-failure empty-response
    timeout connect 3s
    timeout client 50s
    timeout server 50s
    timeout http-keep-alive 10s

frontend secure
    bind 127.0.0.1:${port} ssl crt ${certificates}/both.pem
    http-request disable-l7-retry unless METH_GET
    default_backend shop

backend shop
    balance leastconn
    default-server ssl verify none
{{#each (gets "/app/servers/*")}}
    server {{base key}} {{value}} check inter 2s fall 2 rise 2 check-ssl
{{/each}}
`,
};

export const STYLES: readonly Style[] = [HTTP, held(HTTP), TCP, held(TCP), CONFD, TLS];
