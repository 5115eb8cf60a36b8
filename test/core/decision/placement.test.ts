import fc from "fast-check";
import { expect, test } from "vitest";
import { type Placed, placementOf } from "../../../src/core/decision/placement.js";
import { probesOf } from "../../../src/core/decision/probing.js";
import { type ProbeResult, readinessOf, readyInstances, UNPROBED } from "../../../src/core/decision/readiness.js";
import type { Container } from "../../../src/core/model/container.js";
import { container, context, published, standpoint, TOLD_TO_STOP } from "../../support/containers.js";

const web = container("web1", {
  labels: { "hecd.ports": "8080,8081,53/udp", "hecd.8080.check.path": "/health", "hecd.health": "lenient" },
  ports: [
    published(8080, 32_768),
    published(8081, 32_769),
    { port: 53, protocol: "udp", bindings: [{ hostIp: "0.0.0.0", hostPort: 32_770 }] },
  ],
});

/** What changes while a container lives, and says nothing of where it is. */
const aMoment = fc.record({
  status: fc.constantFrom<Container["status"]>("created", "running", "paused", "restarting", "exited"),
  health: fc.constantFrom<Container["health"]>("none", "starting", "healthy", "unhealthy"),
  stopping: fc.constantFrom(undefined, TOLD_TO_STOP),
  restartCount: fc.nat(5),
});

function placed(one: Container, others?: ReadonlyMap<string, Container>): Placed {
  const placement = placementOf(one, context, others);
  if ("reason" in placement) throw new Error(`It is not wanted: ${placement.reason}`);
  return placement;
}

/** The ports of a placement, without the health that Docker tells of. */
function portsOf({ ports }: Placed): readonly object[] {
  if ("reason" in ports) return [ports];
  return ports.map(({ instance, ...others }) => ({ ...others, instance: { ...instance, health: "none" } }));
}

test("a container is placed under its names, at its addresses, with the address where it listens itself", () => {
  const { health, ports } = placed(web);
  expect(health).toBe("lenient");
  expect(ports).toMatchObject([
    { instance: { name: "web1", addr: "10.0.0.5:32768", state: "up" }, own: [{ ip: "172.17.0.2", network: "bridge" }] },
    {
      instance: { name: "web1-8081", addr: "10.0.0.5:32769", state: "up" },
      own: [{ ip: "172.17.0.2", network: "bridge" }],
    },
    {
      instance: { name: "web1-53", addr: "10.0.0.5:32770", proto: "udp", state: "up" },
      own: [{ ip: "172.17.0.2", network: "bridge" }],
    },
  ]);
});

test("a container that is not wanted has a reason for a placement, one that cannot be reached has it for its ports", () => {
  expect(placementOf(container("web1", { labels: { "hecd.enable": "false" } }), context)).toMatchObject({
    reason: "disabled",
  });
  expect(placementOf(container("web1", { ports: [] }), context)).toMatchObject({
    health: "strict",
    ports: { reason: "no-published-port" },
  });
});

test("a container in the network of another is placed, and can be probed, where that one is", () => {
  const guest = container("guest", { networkMode: "container:outer", networks: {}, ports: [] });
  expect(placed(guest).ports).toMatchObject({ reason: "network-owner-away" });
  const outer = container("outer", { id: "outer", ports: [published(8080, 40_000)] });
  expect(placed(guest, new Map([["outer", outer]])).ports).toMatchObject([
    { instance: { name: "guest", addr: "10.0.0.5:40000" }, own: [{ ip: "172.17.0.2", network: "bridge" }] },
  ]);
});

test("a placement depends on nothing that passes while a container lives", () => {
  fc.assert(
    fc.property(aMoment, (moment) => {
      const now = placed({ ...web, ...moment });
      expect(portsOf(now)).toEqual(portsOf(placed(web)));
      expect({ ...now, ports: [] }).toEqual({ ...placed(web), ports: [] });
    }),
  );
});

test("a running container is probed the same, whatever its HEALTHCHECK says and whether or not it is being stopped", () => {
  fc.assert(
    fc.property(aMoment, aMoment, (one, other) => {
      const plansIn = (moment: typeof one) => {
        const now: Container = { ...web, ...moment, status: "running" };
        return probesOf(now, placementOf(now, context), standpoint);
      };
      // Whether there is a HEALTHCHECK at all is no matter of the moment.
      fc.pre((one.health === "none") === (other.health === "none"));
      expect(plansIn(one)).toEqual(plansIn(other));
      expect([...plansIn(one).keys()]).toEqual(one.health === "none" ? [8080, 8081] : [8080]);
    }),
  );
});

test("the readiness of a container changes the state of its instances, never their names and addresses", () => {
  const aFinding = fc.constantFrom<ProbeResult>("passed", "pending", "unfit", "failed", "unreachable", "skipped");
  let changed = 0;
  fc.assert(
    fc.property(aMoment, aFinding, aFinding, fc.boolean(), fc.boolean(), (moment, first, second, drained, held) => {
      const now = { ...web, ...moment };
      const { health, ports } = placed(now);
      if ("reason" in ports) throw new Error(ports.reason);
      const probe = (port: number) => (port === 8080 ? first : second);
      const runtimeStatus = { ...UNPROBED, probe, drained, held };
      const whole = readinessOf(now, health, runtimeStatus);
      if (whole.state === "out") return;
      const known = new Map(ports.map(({ instance }) => [instance.id, instance]));
      for (const { state, drained: isDrained, ...instance } of readyInstances(ports, whole, runtimeStatus).instances) {
        const before = known.get(instance.id);
        if (state !== before?.state || isDrained) changed += 1;
        expect({ ...instance, state: "up" }).toEqual(before);
      }
    }),
  );
  expect(changed).toBeGreaterThan(0);
});

test("whatever a container says, it is placed without an exception", () => {
  const text = fc.oneof(fc.string({ unit: "binary", maxLength: 80 }), fc.constantFrom("80", "80/udp", "auto", "::1"));
  const keys = fc.constantFrom("port", "ports", "ip", "network", "name", "80.ip", "80.name", "health", "namespace");
  const labels = fc.dictionary(
    fc.oneof(
      text,
      keys.map((key) => `hecd.${key}`),
    ),
    text,
    { maxKeys: 4 },
  );
  const networks = fc.dictionary(text, fc.record({ ipv4: fc.option(text), ipv6: fc.option(text) }), { maxKeys: 2 });
  fc.assert(
    fc.property(text, labels, text, text, networks, (name, said, networkMode, hostIp, found) => {
      const addresses = Object.entries(found).map(([network, { ipv4, ipv6 }]) => [
        network,
        { ipv4: ipv4 ?? undefined, ipv6: ipv6 ?? undefined },
      ]);
      const one = container("web1", {
        name,
        labels: said,
        networkMode,
        networks: Object.fromEntries(addresses) as Container["networks"],
        ports: [published(80, 31_000, [hostIp])],
      });
      expect(() => placementOf(one, context)).not.toThrow();
    }),
  );
});
