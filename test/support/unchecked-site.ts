/**
 * A template in which nothing checks servers: ten thousand checks a second would be all that a machine does. `rule` is the
 * frontend's; where it is to be found its environment says, as the stock template's does.
 */
export function uncheckedSite(rule: string): string {
  return `global
  stats socket {{getenv "HECD_HAPROXY_SOCKET"}} mode 600 level admin
  hard-stop-after 10s
defaults
  mode http
  option idle-close-on-response
  option redispatch
  retries 3
  balance roundrobin
  default-server pool-purge-delay 1s
  timeout connect 1s
  timeout client 20s
  timeout server 20s
frontend web
  bind {{getenv "HECD_HTTP_BIND"}}
  ${rule}
{{#each services}}
backend {{name}}
{{#each servers}}
  server {{name}} {{addr}}
{{/each}}
{{/each}}
`;
}
