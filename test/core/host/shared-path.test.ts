import { describe, expect, test } from "vitest";
import { pathInContainer, pathOfContainer } from "../../../src/core/host/shared-path.js";

const THEIRS = [
  { source: "/srv", destination: "/data" },
  { source: "/srv/edge", destination: "/usr/local/etc/haproxy" },
  { source: "/var/lib/docker/volumes/run/_data", destination: "/run/haproxy" },
];
const OURS = [
  { source: "/srv/edge", destination: "/etc/haproxy" },
  { source: "/var/lib/docker/volumes/run/_data", destination: "/sockets" },
];

describe("a path that a container has from here", () => {
  test.each([
    ["/srv/edge/haproxy.cfg", undefined, "/usr/local/etc/haproxy/haproxy.cfg"],
    ["/srv/other/haproxy.cfg", undefined, "/data/other/haproxy.cfg"],
    ["/srv/edges", undefined, "/data/edges"],
    ["/etc/haproxy/haproxy.cfg", undefined, undefined],
    ["/etc/haproxy/haproxy.cfg", OURS, "/usr/local/etc/haproxy/haproxy.cfg"],
    ["/sockets/admin.sock", OURS, "/run/haproxy/admin.sock"],
    ["/srv/edge/haproxy.cfg", OURS, undefined],
    ["/etc/haproxy/haproxy.cfg", [], undefined],
  ])("%s, with the folders %o of our own, is %s", (path, ours, inside) => {
    expect(pathInContainer(path, THEIRS, ours)).toBe(inside);
    if (inside !== undefined) expect(pathOfContainer(inside, THEIRS, ours)).toBe(path);
  });

  test("is nowhere where a container has no folder", () => {
    expect(pathInContainer("/srv/a", [], undefined)).toBeUndefined();
    expect(pathOfContainer("/run/haproxy/x", THEIRS, [])).toBeUndefined();
  });
});
