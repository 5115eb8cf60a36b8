import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Finding } from "../../src/core/doctor/finding.js";
import { blocks, section } from "../support/documents.js";
import { eventually } from "../support/eventually.js";
import { Machine } from "./machine.js";

/** How long all parts may take to find one another again. */
const BACK_MS = 60_000;

const PARTS = ["docker", "etcd", "haproxy", "hecd-agent", "hecd-render"];
const OURS = ["hecd-agent", "hecd-render"];

let machine: Machine;

/** Waits until HAProxy answers with each container, and both services are ready. */
async function serving(...containers: readonly string[]): Promise<void> {
  const ask =
    "(async () => { for (let i = 0; i < 8; i++) " +
    '{ const r = await fetch("http://127.0.0.1:8080/"); console.log(r.status, (await r.text()).trim()) } })()';
  await eventually(
    "a service",
    async () => {
      for (const unit of OURS) expect(await machine.property(unit, "ActiveState"), unit).toBe("active");
      const said = await machine.sh(`node -e '${ask}'`);
      expect([...new Set(said.split("\n"))].sort()).toEqual(containers.map((name) => `200 ${name}`));
      return true;
    },
    BACK_MS,
    300,
  );
}

/** Lets units start again that were started often: Debian's docker.service may three times a minute. */
async function forgetStarts(): Promise<void> {
  await machine.sh("systemctl reset-failed");
}

/** What `hecd doctor` finds, but for what is fine. */
async function complaints(): Promise<{ readonly code: number | null; readonly found: readonly Finding[] }> {
  const { code, stdout, stderr } = await machine.try("hecd doctor --json");
  if (stdout === "") throw new Error(`hecd doctor says nothing: ${stderr}`);
  return { code, found: (JSON.parse(stdout) as readonly Finding[]).filter(({ grade }) => grade === "fault") };
}

beforeAll(async () => {
  machine = await Machine.make();
  await machine.boot();
  const web = "hostname >/www/index.html; trap 'exit 0' TERM INT; httpd -f -p 8080 -h /www & wait";
  const changes = `--change 'ENV PATH=/bin' --change 'EXPOSE 8080'`;
  await machine.sh(`tar -C /opt/image -c . | docker import ${changes} - web`);
  for (const name of ["one", "two"]) {
    const flags = `--name ${name} --hostname ${name} --restart always --label hecd.service=web`;
    await machine.sh(`docker run -d -P ${flags} web sh -c "${web}"`);
  }
}, 1_800_000);

afterAll(async () => {
  await machine[Symbol.asyncDispose]();
});

describe("on a Debian under its own systemd", () => {
  test("the words of the documents bring up both services, ready, by users of their own", async () => {
    const [commands = ""] = blocks(section("docs/operation.md", "As services"), "sh");
    await machine.sh(`echo HECD_DEFAULT_SERVICE=web >>/etc/default/hecd; set -e; ${commands}`);
    await serving("one", "two");
    expect(await machine.property("hecd-agent", "StatusText")).toBe("Ready: 4 keys of 2 containers");
    expect(await machine.property("hecd-render", "StatusText")).toBe("Ready: /etc/haproxy/haproxy.cfg up to date");
    const users = OURS.map((unit) =>
      machine.sh(`stat -c %U /proc/$(systemctl show --value --property=MainPID ${unit})`),
    );
    expect(await Promise.all(users)).toEqual(["hecd", "hecd-render"]);
  });

  test("hecd doctor finds no fault there", async () => {
    expect(await complaints()).toEqual({ code: 0, found: [] });
  });

  test("a server comes and goes without a reload, since the renderer may use HAProxy's sockets", async () => {
    const workers = () =>
      machine.sh("pid=$(systemctl show --value --property=MainPID haproxy); cat /proc/$pid/task/$pid/children");
    const before = await workers();
    await machine.sh("docker stop two");
    await serving("one");
    await machine.sh("docker start two");
    await serving("one", "two");
    expect(await workers()).toBe(before);
  });

  test("journalctl -p warning shows warnings and nothing else", async () => {
    const since = await machine.sh("date '+%F %T'");
    await machine.sh("systemctl restart etcd");
    await serving("one", "two");
    const warnings = await machine.sh(
      `journalctl -q -o cat -p warning -u hecd-agent -u hecd-render --since '${since}'`,
    );
    const levels = warnings.split("\n").map((line) => (JSON.parse(line) as { readonly level: number }).level);
    expect(levels.length).toBeGreaterThan(0);
    expect(levels.filter((level) => level < 40)).toEqual([]);
    const all = await machine.sh(`journalctl -q -o cat -p info -u hecd-agent --since '${since}'`);
    expect(all).toContain('"level":30');
  });

  test("a service is started when it is ready and no sooner, and says what it waits for", async () => {
    await machine.sh("systemctl stop etcd hecd-agent; systemctl start --no-block hecd-agent");
    await eventually(
      "a line",
      async () => {
        expect(await machine.property("hecd-agent", "StatusText")).toMatch(/^Waiting for .*a lease/);
        return true;
      },
      BACK_MS,
    );
    expect(await machine.property("hecd-agent", "ActiveState")).toBe("activating");
    await machine.sh("systemctl start etcd");
    await serving("one", "two");
  });

  test.each([
    ["hecd-render", "hecd-agent", "haproxy", "docker", "etcd"],
    ["etcd", "haproxy", "docker", "hecd-render", "hecd-agent"],
    ["haproxy", "hecd-agent", "etcd", "hecd-render", "docker"],
    ["docker", "hecd-render", "etcd", "haproxy", "hecd-agent"],
  ])("the parts come up in any order: %s, %s, %s, %s, %s", async (...order) => {
    await machine.sh(`systemctl stop docker.socket ${PARTS.join(" ")}`);
    await forgetStarts();
    for (const unit of order) await machine.sh(`systemctl start --no-block ${unit}; sleep 0.3`);
    await serving("one", "two");
  });

  test.each(PARTS)("%s comes back when it was killed, and so does the service", async (unit) => {
    await forgetStarts();
    const before = await machine.property(unit, "MainPID");
    await machine.sh(`systemctl kill --kill-whom=main --signal=KILL ${unit}`);
    await eventually(
      "a new process",
      async () => {
        const now = await machine.property(unit, "MainPID");
        expect([before, "0"]).not.toContain(now);
        return true;
      },
      BACK_MS,
    );
    await serving("one", "two");
  });

  test("a process that stands still is ended by the watchdog and begun anew", async () => {
    await machine.sh(
      "mkdir -p /run/systemd/system/hecd-agent.service.d; printf '[Service]\\nWatchdogSec=3\\nTimeoutAbortSec=1\\n' >/run/systemd/system/hecd-agent.service.d/test.conf; systemctl daemon-reload; systemctl restart hecd-agent",
    );
    const before = await machine.property("hecd-agent", "MainPID");
    await machine.sh("systemctl kill --kill-whom=main --signal=STOP hecd-agent");
    await eventually(
      "a new process",
      async () => (await machine.property("hecd-agent", "MainPID")) !== before,
      BACK_MS,
    );
    expect(await machine.sh("journalctl -q -u hecd-agent -o cat")).toContain("Watchdog timeout");
    await serving("one", "two");
    await machine.sh("rm /run/systemd/system/hecd-agent.service.d/test.conf; systemctl daemon-reload");
  });

  test("hecd doctor names what is missing, with the line that mends it", async () => {
    await machine.sh("chmod 0755 /etc/haproxy; mv /etc/systemd/system/haproxy.service.d/hecd.conf /root/");
    await machine.sh(
      "mkdir -p /run/systemd/system/hecd-agent.service.d; printf '[Service]\\nMemoryDenyWriteExecute=yes\\nSupplementaryGroups=\\n' >/run/systemd/system/hecd-agent.service.d/test.conf; systemctl daemon-reload; systemctl restart haproxy",
    );
    const { code, found } = await complaints();
    expect(code).toBe(1);
    expect(found.map(({ about, remedy }) => [about, remedy])).toEqual([
      ["unit hecd-agent", "MemoryDenyWriteExecute=no"],
      ["engine unix:///var/run/docker.sock", expect.stringContaining("SupplementaryGroups=docker")],
      ["folder /etc/haproxy", "chgrp hecd-render /etc/haproxy && chmod g+w /etc/haproxy"],
      [
        "HAProxy's master /run/haproxy-master.sock",
        expect.stringContaining("EXTRAOPTS=-S /run/haproxy-master.sock,mode,660,group,hecd-render"),
      ],
    ]);
    await machine.sh("systemctl restart --no-block hecd-agent");
    await eventually(
      "an end",
      async () => {
        expect(Number(await machine.property("hecd-agent", "NRestarts"))).toBeGreaterThan(0);
        return true;
      },
      BACK_MS,
    );
    await machine.sh(
      "rm /run/systemd/system/hecd-agent.service.d/test.conf; chmod 0775 /etc/haproxy; mv /root/hecd.conf /etc/systemd/system/haproxy.service.d/; systemctl daemon-reload; systemctl restart haproxy hecd-agent",
    );
    await serving("one", "two");
    expect(await complaints()).toEqual({ code: 0, found: [] });
  });

  test("secrets of the credential store are used", async () => {
    const etcdctl = "ETCDCTL_API=3 etcdctl";
    await machine.sh(
      `${etcdctl} user add root:s3cret; ${etcdctl} user grant-role root root; ${etcdctl} auth enable; mkdir -p /etc/credstore; umask 077; echo s3cret >/etc/credstore/hecd.etcd-password; echo HECD_ETCD_USERNAME=root >>/etc/default/hecd; systemctl restart hecd-agent hecd-render`,
    );
    await serving("one", "two");
    await machine.sh(
      `${etcdctl} --user root:s3cret auth disable; rm -r /etc/credstore; sed -i /USERNAME=root/d /etc/default/hecd; systemctl restart hecd-agent hecd-render`,
    );
    await serving("one", "two");
  });

  test("one of several renderers has its folder, its settings and its own files", async () => {
    await machine.sh(
      `mkdir -p /etc/hecd/edge/conf.d /etc/hecd/edge/templates; install -d -g hecd-render -m 2775 /etc/haproxy-edge; echo '{{range ls "/app/web"}}{{.}} {{end}}' >/etc/hecd/edge/templates/list.tmpl; printf '[template]\\nsrc = "list.tmpl"\\ndest = "/etc/haproxy-edge/list"\\nkeys = ["/app"]\\ncheck_cmd = "true"\\n' >/etc/hecd/edge/conf.d/list.toml; systemctl start hecd-render@edge`,
    );
    expect(await machine.sh("cat /etc/haproxy-edge/list")).toBe("one two");
    expect(await machine.property("hecd-render@edge", "StatusText")).toBe("Ready: /etc/haproxy-edge/list up to date");
    await machine.sh("systemctl stop hecd-render@edge");
  });

  test.each(["reboot", "cutPower"] as const)("a restart of the machine loses nothing: %s", async (how) => {
    await serving("one", "two");
    await machine[how]();
    if (how === "cutPower") await machine.boot();
    await serving("one", "two");
    const warnings = await machine.sh("journalctl -q -b -o cat -p err -u hecd-agent -u hecd-render");
    expect(warnings).toBe("");
  });
});
