import { createRequire } from "node:module";
import { dirname } from "node:path";

/** Of the packages that are taken in, etcd3 alone reads a file beside its own: the description of etcd's calls. */
export const __dirname = dirname(createRequire(import.meta.url).resolve("etcd3"));
