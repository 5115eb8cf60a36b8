/** A configuration with the same frontend and the same server options as the stock one, and nothing else. */
export function floorConfig(port: string, addresses: readonly string[], socket?: string, more = ""): string {
  const servers = addresses.map((address, index) => `  server s${index} ${address} check inter 5s fall 1 rise 2\n`);
  return `global
  hard-stop-after 5m
  mworker-max-reloads 5
${socket === undefined ? "" : `  stats socket ${socket} mode 600 level admin\n`}defaults
  mode http
  option idle-close-on-response
  timeout connect 3s
  timeout client 50s
  timeout server 50s
frontend web
  bind 127.0.0.1:${port}
  default_backend servers
backend servers
${servers.join("")}${more}`;
}
