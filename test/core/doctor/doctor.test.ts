import { describe, expect, test } from "vitest";
import { isAtLeast } from "../../../src/core/doctor/finding.js";
import { judgeEngine, judgeFolder, judgeMember, judgeStatus } from "../../../src/core/doctor/host.js";
import {
  judgeBinary,
  judgeMaster,
  judgeOtherReload,
  judgeRuntimeSocket,
  type SocketFacts,
} from "../../../src/core/doctor/proxy.js";
import { isInstalled, judgeUnit, programOf, rightsOf, writableIn } from "../../../src/core/doctor/service.js";

const denied = { problem: "permission denied", isDenied: true };

describe("versions", () => {
  test.each([
    ["20.10.24+dfsg1", 20, 10, true],
    ["20.9.1", 20, 10, false],
    ["3.4", 3, 4, true],
    ["v3", 3, 0, false],
    ["", 1, 0, false],
  ])("%s is at least %i.%i: %s", (version, major, minor, expected) => {
    expect(isAtLeast(version, major, minor)).toBe(expected);
  });
});

describe("an engine", () => {
  const at = (answer: Parameters<typeof judgeEngine>[0]["answer"]) =>
    judgeEngine({ url: "unix:///d.sock", user: "hecd", answer });

  test("that answers is fine, an old one is worth a word, one that is not there or not ours is a fault", () => {
    expect(at({ kind: "docker", version: "20.10.24" })).toMatchObject({ grade: "fine" });
    expect(at({ kind: "docker", version: "19.3.1" })).toMatchObject({ grade: "advice" });
    expect(at({ kind: "podman", version: "4.3.1" })).toMatchObject({ grade: "fine" });
    expect(at({ problem: "nobody answers", isDenied: false })).toMatchObject({
      grade: "fault",
      remedy: "systemctl enable --now docker",
    });
    expect(at(denied).remedy).toContain("usermod -aG docker hecd");
  });
});

describe("a member of etcd", () => {
  const at = (answer: Parameters<typeof judgeMember>[0]["answer"]) => judgeMember({ endpoint: "e:2379", answer });

  test("that does not answer is a fault, an old one is worth a word", () => {
    expect(at({ problem: "refused" })).toMatchObject([{ grade: "fault", says: "refused" }]);
    expect(at({ version: "3.3.9", aheadMs: undefined })).toMatchObject([{ grade: "advice" }]);
  });

  test("shows by its clock how far ours is off", () => {
    expect(at({ version: "3.5.16", aheadMs: -900 })).toMatchObject([{ grade: "fine" }, { grade: "fine" }]);
    expect(at({ version: "3.5.16", aheadMs: 62_000 })[1]).toMatchObject({
      grade: "advice",
      says: expect.stringContaining("62 s behind") as string,
      remedy: "timedatectl set-ntp true",
    });
    expect(at({ version: "3.5.16", aheadMs: -62_000 })[1]?.says).toContain("62 s ahead");
  });
});

describe("a folder", () => {
  const at = (facts: Partial<Parameters<typeof judgeFolder>[0]>) =>
    judgeFolder({ path: "/etc/haproxy", user: "hecd-render", obstacle: undefined, writable: undefined, ...facts });

  test("is to be there, to be the user's, and to be open in the unit", () => {
    expect(at({})).toMatchObject({ grade: "fine" });
    expect(at({ obstacle: { problem: "ENOENT", isDenied: false } })).toMatchObject({ remedy: "mkdir -p /etc/haproxy" });
    expect(at({ obstacle: denied }).remedy).toBe("chgrp hecd-render /etc/haproxy && chmod g+w /etc/haproxy");
    expect(at({ writable: ["/etc/haproxy"] })).toMatchObject({ grade: "fine" });
    expect(at({ writable: ["/etc"] })).toMatchObject({ grade: "fine" });
    expect(at({ writable: ["/etc/hap"] })).toMatchObject({ grade: "fault", remedy: "ReadWritePaths=/etc/haproxy" });
  });
});

describe("a status address", () => {
  const at = (answer: Parameters<typeof judgeStatus>[0]["answer"]) =>
    judgeStatus({ daemon: "renderer", address: "127.0.0.1:9181", answer });

  test("is the daemon's, or free, or somebody else's", () => {
    expect(at({ kind: "ours", waitingFor: [] }).grade).toBe("fine");
    expect(at({ kind: "ours", waitingFor: ["a lease"] })).toMatchObject({ grade: "advice" });
    expect(at({ kind: "nobody" }).remedy).toBe("systemctl enable --now hecd-render");
    expect(at({ kind: "another", problem: "no JSON" }).grade).toBe("fault");
  });
});

describe("HAProxy", () => {
  test("is to be there, and new enough, with Lua", () => {
    expect(judgeBinary({ binary: "haproxy", version: "2.6.12", hasLua: true }).grade).toBe("fine");
    expect(judgeBinary({ binary: "haproxy", version: "2.6.12", hasLua: false }).says).toContain("without Lua");
    expect(judgeBinary({ binary: "haproxy", version: "2.4.1", hasLua: true }).grade).toBe("advice");
    expect(judgeBinary({ binary: "haproxy", problem: "ENOENT" })).toMatchObject({ grade: "fault" });
  });

  const socket = (answer: SocketFacts["answer"]): SocketFacts => ({ path: "/h.sock", user: "hecd-render", answer });

  test("is to give the renderer all rights at its socket", () => {
    expect(judgeRuntimeSocket(socket("admin\n\n")).grade).toBe("fine");
    expect(judgeRuntimeSocket(socket("operator\n")).says).toContain('"operator"');
    expect(judgeRuntimeSocket(socket(undefined)).remedy).toBe("stats socket /h.sock mode 660 level admin");
    expect(judgeRuntimeSocket(socket(denied)).remedy).toMatch(/level admin group haproxy$/);
  });

  test("is to run as a master with a socket that the renderer may use", () => {
    expect(judgeMaster(socket("#<PID> <type>\n12   master  0 \n"), true).grade).toBe("fine");
    expect(judgeMaster(socket(undefined), false).says).toContain("without -W");
    expect(judgeMaster(socket(undefined), true).remedy).toContain("-S /h.sock,mode,660");
    expect(judgeMaster(socket(undefined), undefined).says).toBe("no HAProxy runs");
    expect(judgeMaster(socket(denied), true).remedy).toContain("haproxy.service.d/hecd.conf");
    expect(judgeMaster(socket("Unknown command"), true).grade).toBe("fault");
    expect(judgeOtherReload("haproxy.toml", "signal").grade).toBe("advice");
  });
});

describe("a unit", () => {
  const installed = {
    LoadState: "loaded",
    Type: "notify",
    NotifyAccess: "main",
    ExecStart: "{ argv[]=/notify-exec x }",
  };

  test("is fine as it is shipped, and says what it does", () => {
    expect(isInstalled(installed)).toBe(true);
    expect(isInstalled({ LoadState: "not-found" })).toBe(false);
    expect(judgeUnit("hecd-agent", { ...installed, ActiveState: "active", StatusText: "Ready: 1" })).toEqual([
      { about: "unit hecd-agent", grade: "fine", says: "active: Ready: 1" },
    ]);
  });

  test.each([
    [{ MemoryDenyWriteExecute: "yes" }, "MemoryDenyWriteExecute=no"],
    [{ ExecStart: "{ argv[]=/usr/bin/hecd agent }" }, "NotifyAccess=all"],
    [{ ActiveState: "failed", Result: "exit-code" }, "journalctl -u hecd-agent -p warning"],
  ])("that cannot work is mended by a line: %o", (facts, remedy) => {
    expect(judgeUnit("hecd-agent", { ...installed, ...facts })).toMatchObject([{ grade: "fault", remedy }]);
  });

  test("starts a program, which may be another one's", () => {
    expect(
      programOf({ ExecStart: "{ path=/usr/bin/confd ; argv[]=/usr/bin/confd etcd --watch ; ignore_errors=no }" }),
    ).toBe("/usr/bin/confd");
    expect(programOf({})).toBeUndefined();
  });

  test("has the rights of its user and groups, and may write where it says so", () => {
    expect(rightsOf({ User: "hecd", Group: "", SupplementaryGroups: "docker adm" })).toEqual({
      user: "hecd",
      groups: ["hecd", "docker", "adm"],
    });
    expect(rightsOf({})).toEqual({ user: "root", groups: ["root"] });
    expect(writableIn({ ProtectSystem: "strict", ReadWritePaths: "-/etc/haproxy -/run/haproxy" })).toEqual([
      "/etc/haproxy",
      "/run/haproxy",
    ]);
    expect(writableIn({ ProtectSystem: "no" })).toBeUndefined();
  });
});
