import type { ServiceRecord, TemplateWorld } from "../../src/template/functions/world.js";
import { Location } from "../../src/template/time/zone.js";

/** A machine for templates on which nothing moves: 2026-11-21 00:37:17.187370552 UTC, in a zone an hour east. */
export class StillWorld implements TemplateWorld {
  readonly files = new Map<string, string>();
  readonly hosts = new Map<string, readonly string[]>();
  readonly here = new Location("Local", () => ({ name: "CET", offsetSeconds: 3_600 }), true);
  readonly services = new Map<string, readonly ServiceRecord[]>();

  now() {
    return { unixNanoseconds: 1_795_221_437_187_370_552n, runningNanoseconds: 26_000_001n };
  }

  hostname() {
    return "box";
  }

  addressesOf(networkInterface: string) {
    return networkInterface === "eth0" ? ["fe80::1", "10.0.0.5", "10.0.0.6"] : [];
  }

  seeFile(path: string) {
    if (path === "/there") return "there" as const;
    return path === "/secret/file" ? ("unknown" as const) : ("missing" as const);
  }

  lookupHost(name: string) {
    return this.hosts.get(name) ?? [];
  }

  lookupService(service: string, proto: string, name: string) {
    return this.services.get(`_${service}._${proto}.${name}`) ?? [];
  }

  readTemplate(path: string) {
    const text = this.files.get(path);
    return text === undefined ? { problem: `open ${path}: no such file or directory` } : { text };
  }
}
