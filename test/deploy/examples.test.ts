import { readFileSync, statSync } from "node:fs";
import { parse as parseToml } from "smol-toml";
import { describe, expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import { resolveSettings, settingNames } from "../../src/config.js";

const deploy = (name: string): string => readFileSync(new URL(`../../deploy/${name}`, import.meta.url), "utf8");
const template = readFileSync(new URL("../../templates/haproxy.cfg.hbs", import.meta.url), "utf8");
/** The settings of the program, and what the stock template asks the environment for. */
const KNOWN = [
  ...settingNames().map((name) => `HECD_${name.toUpperCase().replaceAll("-", "_")}`),
  ...[...template.matchAll(/^ +(HECD_\w+) /gm)].map(([, name]) => name),
];
/** The units, each with the command that it starts. */
const UNITS = [
  ["hecd-agent.service", "agent"],
  ["hecd-render.service", "render"],
  ["hecd-render@.service", "render --confdir /etc/hecd/%i"],
] as const;

/** The lines of an example, those that are only offered (`# key = value`, `#KEY=value`) among them. */
function withOffers(text: string): string {
  return text.replace(/^# ?(?=[a-z-]+ = |[A-Z_]+=)/gm, "");
}

describe("the example of a settings file", () => {
  test("can be used as it is, and with everything it offers", () => {
    for (const text of [deploy("hecd.toml"), withOffers(deploy("hecd.toml"))]) {
      const settings = resolveSettings({ flags: {}, env: {}, file: { path: "hecd.toml", text } });
      expect(settings.etcd).toEqual(["http://127.0.0.1:2379"]);
    }
    expect(withOffers(deploy("hecd.toml"))).toMatch(/^advertise = /m);
  });
});

describe("the example of an environment file", () => {
  test("sets only what HECD knows, to values that can be used", () => {
    const lines = withOffers(deploy("hecd.env")).match(/^[A-Z_]+=.*$/gm) ?? [];
    const env = Object.fromEntries(
      lines.map((line): [string, string] => [
        line.slice(0, line.indexOf("=")),
        line.slice(line.indexOf("=") + 1) || "x",
      ]),
    );
    expect(Object.keys(env).length).toBeGreaterThan(3);
    for (const name of Object.keys(env)) expect(KNOWN).toContain(name);
    expect(resolveSettings({ flags: {}, env }).etcd).toHaveLength(3);
  });
});

describe.each(UNITS)("the systemd unit %s", (name, command) => {
  const lines = deploy(name).split("\n");

  test("starts the daemon, always anew, with the environment file, and gives it time to stop", () => {
    expect(lines).toContain(`ExecStart=/usr/lib/hecd/notify-exec /usr/bin/hecd ${command}`);
    expect(lines).toContain("Restart=always");
    expect(lines).toContain("EnvironmentFile=-/etc/default/hecd");
    expect(lines).toContain("TimeoutStopSec=10");
  });

  test("lets nobody but the main process say that it is ready and lives, and waits for it as long as it takes", () => {
    expect(lines).toContain("Type=notify");
    expect(lines).toContain("NotifyAccess=main");
    expect(lines).toContain("TimeoutStartSec=infinity");
    expect(lines).toContain("WatchdogSec=30");
  });

  test("runs as a user that the package makes, and without any right of root", () => {
    const user = lines.find((line) => line.startsWith("User="))?.slice("User=".length);
    expect(deploy("hecd-sysusers.conf")).toMatch(new RegExp(`^u ${user} - `, "m"));
    expect(lines).toContain("CapabilityBoundingSet=");
  });
});

describe("the unit for one of several HAProxies", () => {
  test("is that of the only one but for its name, its folders and its status address", () => {
    const linesOf = (name: string): readonly string[] => deploy(name).split("\n");
    const only = linesOf("hecd-render.service");
    const own = linesOf("hecd-render@.service").filter((line) => !line.startsWith("#") && !only.includes(line));
    expect(own.length).toBeGreaterThan(4);
    for (const line of own) expect(line).toMatch(/%i|^Environment=HECD_LISTEN=off$/);
  });
});

describe("what HAProxy's unit needs for the renderer", () => {
  test("is a master socket at the place that the resource names, for the renderer's group", () => {
    const { haproxy } = parseToml(deploy("conf.d/haproxy.toml")) as { readonly haproxy: { readonly reload: string } };
    const socket = haproxy.reload.replace(/^master:/, "");
    expect(deploy("haproxy-hecd.conf")).toContain(`-S ${socket},mode,660,group,hecd-render"`);
    expect(deploy("hecd-render.service").split("\n")).toContain("Group=hecd-render");
    expect(deploy("hecd-tmpfiles.conf")).toMatch(/^z \/etc\/haproxy 0775 root hecd-render /m);
  });
});

describe("the agent's state folder", () => {
  test("is where the program looks for it, in the unit, in the image and in the compose file", () => {
    const folder = resolveSettings({ flags: {}, env: {} })["state-dir"];
    expect(folder).toBe("/var/lib/hecd");
    expect(deploy("hecd-agent.service").split("\n")).toContain("StateDirectory=hecd");
    expect(deploy("../Dockerfile")).toContain(`mkdir -p -m 1777 ${folder}`);
    expect(deploy("compose.yaml")).toContain(`"agent:${folder}"`);
  });

  test("is not fought for: a unit whose host another agent has stays down when it was told not to wait", () => {
    expect(deploy("hecd-agent.service").split("\n")).toContain("RestartPreventExitStatus=64 78");
  });
});

describe("the compose file", () => {
  const { services } = parseYaml(deploy("compose.yaml")) as {
    readonly services: Record<
      string,
      { readonly command?: readonly string[]; readonly environment?: Record<string, unknown>; readonly scale?: number }
    >;
  };

  test("is the whole line, with three containers to serve", () => {
    expect(Object.keys(services).sort()).toEqual(["agent", "etcd", "haproxy", "renderer", "web"]);
    expect([services["agent"]?.command, services["renderer"]?.command]).toEqual([["agent"], ["render"]]);
    expect(services["web"]?.scale).toBe(3);
  });

  test("sets only what HECD knows", () => {
    const names = Object.values(services).flatMap(({ environment }) => Object.keys(environment ?? {}));
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect(KNOWN).toContain(name);
  });
});

describe("the resource conf.d/nginx.toml", () => {
  test("renders the stock template for an nginx that judges it and is reloaded by the script beside it", () => {
    const { template, ...more } = parseToml(deploy("conf.d/nginx.toml")) as {
      readonly template: Record<string, string>;
    };
    expect(more).toEqual({});
    expect(template).toMatchObject({ src: "nginx.conf.hbs", dest: "/etc/nginx/nginx.conf" });
    expect(template["check_cmd"]).toMatch(/^nginx -t /);
    expect(template["reload_cmd"]).toMatch(/^\/etc\/hecd\/nginx-reload /);
    expect(statSync(new URL("../../deploy/nginx-reload", import.meta.url)).mode & 0o111).toBe(0o111);
  });
});

describe.each(["conf.d/haproxy.toml", "container/haproxy.toml"])("the resource %s", (file) => {
  test("renders the stock template for an HAProxy that is reloaded through its master socket", () => {
    expect(parseToml(deploy(file))).toMatchObject({
      template: { src: "haproxy.cfg.hbs", dest: "/etc/haproxy/haproxy.cfg" },
      haproxy: { reload: expect.stringMatching(/^master:\/run\//) as string },
    });
  });
});
