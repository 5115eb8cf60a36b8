import { describe, expect, test } from "vitest";
import { compileTemplate } from "../../src/template/compile.js";
import { renderKeys } from "../support/golden.js";
import { objectionsTo } from "../support/haproxy.js";

/** A way in which people write configurations in confd's language: the template after a common head, and what comes out. */
interface Case {
  readonly what: string;
  readonly keys: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly template: string;
  readonly text: string;
}

const HEAD = `defaults
  mode http
  timeout connect 5s
  timeout client 50s
  timeout server 50s
`;

const CASES: readonly Case[] = [
  {
    what: "range over gets, with the name of the key",
    keys: { "/app/servers/cocky_morse": "192.0.2.22:49156", "/app/servers/goofy_goldstine": "192.0.2.22:49158" },
    template: `listen web
  bind 127.0.0.1:8080
  balance roundrobin
{{range gets "/app/servers/*"}}
  server {{base .Key}} {{.Value}} check inter 5000 fall 1 rise 2
{{end}}
`,
    text: `listen web
  bind 127.0.0.1:8080
  balance roundrobin

  server cocky_morse 192.0.2.22:49156 check inter 5000 fall 1 rise 2

  server goofy_goldstine 192.0.2.22:49158 check inter 5000 fall 1 rise 2

`,
  },
  {
    what: "a definition that each service uses, without a line too many",
    keys: {
      "/services/api/one": "192.0.2.1:80",
      "/services/web/one": "192.0.2.2:80",
      "/services/web/two": "192.0.2.3:80",
    },
    template: `{{define "backend"}}
backend {{.}}
{{- range gets (printf "/services/%s/*" .)}}
  server {{base .Key}} {{.Value}}
{{- end}}
{{end -}}
listen first
  bind 127.0.0.1:8080
{{range lsdir "/services"}}{{template "backend" .}}{{end}}`,
    text: `listen first
  bind 127.0.0.1:8080

backend api
  server one 192.0.2.1:80

backend web
  server one 192.0.2.2:80
  server two 192.0.2.3:80
`,
  },
  {
    what: "keys put together by printf and read by getv, with a default",
    keys: { "/conf/web/port": "8081", "/conf/web/maxconn": "2000", "/hosts/a": "192.0.2.1" },
    template: `{{$svc := "web" -}}
listen {{$svc}}
  bind 127.0.0.1:{{printf "/conf/%s/port" $svc | getv}}
  maxconn {{getv (printf "/conf/%s/maxconn" $svc)}}
  balance {{getv (printf "/conf/%s/balance" $svc) "leastconn"}}
{{range ls "/hosts"}}  server {{.}} {{getv (printf "/hosts/%s" .)}}:80
{{end}}`,
    text: `listen web
  bind 127.0.0.1:8081
  maxconn 2000
  balance leastconn
  server a 192.0.2.1:80
`,
  },
  {
    what: "fields of JSON values, numbers among them, and a nested list",
    keys: {
      "/upstream/web": {
        name: "web",
        bind: { port: 8082 },
        backend: [
          { id: "a", ip: "192.0.2.1", port: 80 },
          { id: "b", ip: "192.0.2.2", port: 8080 },
        ],
      },
    },
    template: `{{range getvs "/upstream/*"}}{{$u := json .}}listen {{$u.name}}
  bind 127.0.0.1:{{$u.bind.port}}
{{range $u.backend}}  server {{.id}} {{.ip}}:{{.port}}
{{end}}{{end}}`,
    text: `listen web
  bind 127.0.0.1:8082
  server a 192.0.2.1:80
  server b 192.0.2.2:8080
`,
  },
  {
    what: "parts of parts of a URL, as for members of a database cluster",
    keys: {
      "/service/pg/members/pg0": {
        conn_url: "postgres://192.0.2.5:5432/postgres",
        api_url: "http://192.0.2.5:8008/patroni",
      },
      "/service/pg/members/pg1": {
        conn_url: "postgres://rep:pw@192.0.2.6:5432/postgres",
        api_url: "http://192.0.2.6:8008/patroni",
      },
    },
    template: `listen pg
  bind 127.0.0.1:5000
  option httpchk GET /
{{range gets "/service/pg/members/*"}}  server {{base .Key}} {{$data := json .Value}}{{base (replace (index (split $data.conn_url "/") 2) "@" "/" -1)}} maxconn 100 check port {{index (split (index (split $data.api_url "/") 2) ":") 1}}
{{end}}`,
    text: `listen pg
  bind 127.0.0.1:5000
  option httpchk GET /
  server pg0 192.0.2.5:5432 maxconn 100 check port 8008
  server pg1 192.0.2.6:5432 maxconn 100 check port 8008
`,
  },
  {
    what: "what the environment says, or else a default",
    keys: { "/app/a": "192.0.2.1:80" },
    env: { HTTP_PORT: "8083" },
    template: `listen {{getenv "NAME" "web"}}
  bind 127.0.0.1:{{getenv "HTTP_PORT"}}
{{range gets "/app/*"}}  server {{base .Key}} {{.Value}}
{{end}}`,
    text: `listen web
  bind 127.0.0.1:8083
  server a 192.0.2.1:80
`,
  },
  {
    what: "something between the items of a list, by their numbers",
    keys: { "/hosts/a": "a.example", "/hosts/b": "b.example", "/hosts/c": "c.example" },
    template: `frontend web
  bind 127.0.0.1:8080
  acl known hdr(host){{range $i, $host := getvs "/hosts/*"}}{{if $i}} {{else}} -i {{end}}{{$host}}{{end}}
  http-request deny unless known
`,
    text: `frontend web
  bind 127.0.0.1:8080
  acl known hdr(host) -i a.example b.example c.example
  http-request deny unless known
`,
  },
  {
    what: "a choice by a value, with else if, or, and, not",
    keys: { "/svc/a/mode": "tcp", "/svc/b/mode": "http", "/svc/c/mode": "other", "/svc/b/sticky": "yes" },
    template: `{{range $i, $svc := lsdir "/svc"}}{{$mode := getv (printf "/svc/%s/mode" $svc)}}listen {{$svc}}
  bind 127.0.0.1:{{add 9000 $i}}
{{if eq $mode "tcp"}}  mode tcp
{{else if or (eq $mode "http") (eq $mode "h2")}}  mode http
{{- if and (exists (printf "/svc/%s/sticky" $svc)) (not (eq $svc "c"))}}
  cookie SRV insert
{{- end}}
{{else}}  # {{$mode}} is not known
{{end}}{{end}}`,
    text: `listen a
  bind 127.0.0.1:9000
  mode tcp
listen b
  bind 127.0.0.1:9001
  mode http
  cookie SRV insert
listen c
  bind 127.0.0.1:9002
  # other is not known
`,
  },
  {
    what: "with and its else, and a comment in between",
    keys: { "/stats/uri": "/admin-status" },
    template: `{{/* what is there only where somebody wants it */ -}}
listen stats
  bind 127.0.0.1:8404
{{- with getv "/stats/uri" ""}}
  stats uri {{.}}
{{- else}}
  # no statistics
{{- end}}
{{- with $auth := getv "/stats/auth" ""}}
  stats auth {{$auth}}
{{- end}}
`,
    text: `listen stats
  bind 127.0.0.1:8404
  stats uri /admin-status
`,
  },
  {
    what: "an upper limit by break, and a skip by continue",
    keys: { "/app/a": "192.0.2.1:80", "/app/b": "", "/app/c": "192.0.2.3:80", "/app/d": "192.0.2.4:80" },
    template: `{{$n := 0}}listen web
  bind 127.0.0.1:8080
{{range gets "/app/*"}}{{if not .Value}}{{continue}}{{end}}{{if ge $n 2}}{{break}}{{end}}  server {{base .Key}} {{.Value}}
{{$n = add $n 1}}{{end}}`,
    text: `listen web
  bind 127.0.0.1:8080
  server a 192.0.2.1:80
  server c 192.0.2.3:80
`,
  },
];

describe("a configuration in Go's template language", () => {
  test.each(CASES)(
    "with $what comes out as it should, and HAProxy accepts it",
    async ({ keys, env, template, text }) => {
      const rendered = renderKeys(await compileTemplate("haproxy.cfg.tmpl", `${HEAD}${template}`), keys, env);
      expect(rendered.text).toBe(`${HEAD}${text}`);
      expect(await objectionsTo(rendered.text)).toBeUndefined();
    },
  );
});
