import { createRequire } from "node:module";
import type * as Cockatiel from "cockatiel";
import type * as Package from "etcd3";

const load = createRequire(import.meta.url);

/**
 * What we run of the package etcd3, and of the one that it takes its policies from.
 *
 * Loaded by `require`, since an `import` of CommonJS makes Node read every one of its files twice: first for the names
 * that they export, 30 ms of a program that may live for 200.
 */
// The packages' own types say what their main files export.
export const { Etcd3, EtcdLeaseInvalidError, isRecoverableError } = load("etcd3") as typeof Package;
export const { ConsecutiveBreaker, ExponentialBackoff, circuitBreaker, handleWhen, noop, retry } = load(
  "cockatiel",
) as typeof Cockatiel;
