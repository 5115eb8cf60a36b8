import { z } from "zod";
import { isUnspecified } from "./advertise.js";
import type { Container } from "./container.js";
import { HOST_NAME, NAME, PATH_PREFIX } from "./instance.js";
import { type Objection, objection, quote } from "./reason.js";
import type { Wishes } from "./wishes.js";

/** Every label we know, with what its value must be. */
const LABELS = {
  enable: { key: "hecd.enable", schema: z.stringbool({ truthy: ["true"], falsy: ["false"] }), form: "true or false" },
  service: { key: "hecd.service", schema: z.string().regex(NAME), form: "a name: letters, digits, '_', '.', '-'" },
  name: { key: "hecd.name", schema: z.string().regex(NAME), form: "a name: letters, digits, '_', '.', '-'" },
  port: { key: "hecd.port", schema: wholeNumber(1, 65_535), form: "a port of the container, 1 to 65535" },
  ip: {
    key: "hecd.ip",
    schema: z.union([z.ipv4(), z.ipv6()]).refine((ip) => !isUnspecified(ip)),
    form: "an IP address",
  },
  weight: { key: "hecd.weight", schema: wholeNumber(0, 256), form: "a whole number, 0 to 256" },
  backup: { key: "hecd.backup", schema: z.stringbool({ truthy: ["true"], falsy: ["false"] }), form: "true or false" },
  hosts: { key: "hecd.http.host", schema: commaList(HOST_NAME), form: "host names, separated by commas" },
  paths: { key: "hecd.http.path", schema: commaList(PATH_PREFIX), form: "paths such as /shop, separated by commas" },
} as const;

type Labels = { readonly [Name in keyof typeof LABELS]?: z.output<(typeof LABELS)[Name]["schema"]> };

/** All that a container's labels ask for, or none of it: nothing is ever registered by half of what its labels say. */
export function readWishes({ labels }: Container): Wishes | Objection {
  const read = readLabels(labels);
  if ("reason" in read) return read;
  const { port, ...wishes } = read;
  return { ...wishes, ports: port === undefined ? [] : [{ port, protocol: "tcp" }] };
}

function wholeNumber(min: number, max: number) {
  return z
    .string()
    .regex(/^[0-9]{1,5}$/)
    .transform(Number)
    .pipe(z.int().min(min).max(max));
}

function commaList(item: RegExp) {
  return z
    .string()
    .transform((text) => text.split(",").map((part) => part.trim()))
    .pipe(z.array(z.string().regex(item)).min(1).max(64));
}

function readLabels(labels: Container["labels"]): Labels | Objection {
  const read: Record<string, unknown> = {}; // each value goes through the schema of its name, which is what `Labels` says
  for (const [name, { key, schema, form }] of Object.entries(LABELS)) {
    const text = Object.hasOwn(labels, key) ? labels[key] : undefined;
    if (text === undefined) continue;
    const parsed = schema.safeParse(text);
    if (!parsed.success) return objection("invalid-label", `Label ${key} must be ${form}, not ${quote(text)}`);
    read[name] = parsed.data;
  }
  return read;
}
