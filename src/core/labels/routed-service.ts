import { z } from "zod";
import { digestOf } from "../text/digest.js";
import { HOST_NAME, LONGEST_NAME, PATH_PREFIX } from "../text/patterns.js";
import type { ServiceConfig } from "./label-config.js";
import { LabelReader, type Said } from "./label-reader.js";
import type { Validator } from "./validators.js";

/** What all containers of a service ask for, where a tool tells services by their routes and gives them no names. */
interface Routes {
  /** In lower case, each once, in order. */
  readonly hosts: readonly string[];
  /** Without a slash at its end; undefined for every path. */
  readonly path?: string | undefined;
  /** The port at which the proxy is asked; undefined for those of HTTP and HTTPS. */
  readonly port?: number | undefined;
}

/** A name that no client asks for, since nobody can have it (RFC 2606). */
const NOBODY = "nobody.invalid";

/** How many host names a service has at most, which is what a record holds. */
const MOST = 64;

const HOST: Validator<string> = {
  schema: z.string().regex(HOST_NAME),
  words: "host names such as shop.example and *.shop.example, separated by commas",
};

const PATH: Validator<string> = {
  schema: z.string().regex(PATH_PREFIX),
  words: "a path such as /shop",
};

/** The host names of lists that are for one service; what cannot be one is told, and passed over. */
export function takeHosts(lists: readonly Said[], faults: string[]): readonly string[] {
  const reading = new LabelReader(new Map(), faults);
  const hosts = new Set<string>();
  for (const { by, text: list } of lists) {
    const names = list.split(",").map((name) => name.trim());
    for (const text of names.filter((name) => name !== "")) {
      if (hosts.size === MOST) {
        faults.push(`${by} names more hosts than the ${MOST} that a service can have`);
        break;
      }
      const host = reading.fit({ by, text }, HOST);
      if (host !== undefined) hosts.add(host.toLowerCase());
    }
  }
  return [...hosts].sort();
}

/** A path prefix without a slash at its end; `""` for every path, undefined for what is none, which is told. */
export function takePath(said: Said, reading: LabelReader): string | undefined {
  return said.text === "" ? "" : reading.fit(said, PATH)?.replace(/\/+$/, "");
}

/**
 * A service of its own for those that want the same requests, and for nobody else: whoever asks for other host names or
 * another path is another service, and has no request of this one.
 *
 * `shop.example` and `shop.example_cart` tell what they are; of more than that the name holds a digest.
 */
export function routedService({ hosts, path, port }: Routes): ServiceConfig {
  const [first = ""] = hosts;
  const plain = `${first}${(path ?? "").replaceAll("/", "_")}${port === undefined ? "" : `__${port}`}`;
  const isPlain = hosts.length === 1 && /^(\/[A-Za-z0-9.-]+)*$/.test(path ?? "") && /^[a-z0-9]/.test(first);
  const service =
    isPlain && plain.length <= LONGEST_NAME ? plain : digested(first, [hosts.join(","), path ?? "", port ?? ""]);
  return { service, hosts, paths: path === undefined ? undefined : [path] };
}

/** The service of those that say this, of which no route can be read: no request is led to it, nor to another one in its place. */
export function unroutedService(text: string): ServiceConfig {
  return { service: digested("unrouted", [text]), hosts: [NOBODY] };
}

/** A name with a digest of what it stands for; a plain one has no two underscores before so many letters. */
function digested(name: string, parts: readonly (string | number)[]): string {
  const end = `__${digestOf(parts.join(" "))}`;
  return `${name.replace(/^\*\./, "").slice(0, LONGEST_NAME - end.length)}${end}`;
}
