import { createRequire } from "node:module";
import type * as Package from "etcd3";

/**
 * What we run of the package etcd3.
 *
 * Loaded by `require`, since an `import` of CommonJS makes Node read every one of its files twice: first for the names
 * that they export, 20 ms of a program that may live for 200.
 */
// The package's own types say what its main file exports.
export const { Etcd3, EtcdLeaseInvalidError, isRecoverableError } = createRequire(import.meta.url)(
  "etcd3",
) as typeof Package;
