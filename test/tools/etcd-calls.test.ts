import { join } from "node:path";
import { build } from "esbuild";
import fc from "fast-check";
import protobuf from "protobufjs";
import { beforeAll, describe, expect, test } from "vitest";
import { etcdCalls } from "../../tools/etcd-calls.mjs";
import { PROJECT } from "../../tools/machine/facts.mjs";
import { tempDir } from "../support/temp-dir.js";

const DESCRIPTION = `${PROJECT}node_modules/etcd3/proto/rpc.proto`;

/** A call as gRPC has it defined. */
interface Call {
  readonly path: string;
  readonly originalName: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly requestSerialize: (sent: object) => Uint8Array;
  readonly responseDeserialize: (bytes: Uint8Array) => object;
}

let services: Readonly<Record<string, Readonly<Record<string, Call>>>>;
let root: protobuf.Root;

beforeAll(async () => {
  await using dir = await tempDir();
  const outfile = join(dir.path, "calls.mjs");
  const stdin = { contents: await etcdCalls(DESCRIPTION), resolveDir: PROJECT };
  await build({ stdin, outfile, bundle: true, format: "esm", platform: "node" });
  services = ((await import(outfile)) as { loadSync: () => typeof services }).loadSync();
  root = await new protobuf.Root().load(DESCRIPTION, { keepCase: true });
}, 60_000);

function call(service: string, name: string): Call {
  const found = services[`etcdserverpb.${service}`]?.[name];
  if (!found) throw new Error(`There is no ${service}.${name}`);
  return found;
}

/** What protobufjs itself makes of a message by the description. */
function written(type: string, message: object): Uint8Array {
  const described = root.lookupType(`etcdserverpb.${type}`);
  return described.encode(described.fromObject(message)).finish();
}

const bytes = fc.uint8Array({ minLength: 1 }).map((each) => Buffer.from(each));
/** 64 bits, as decimal text. */
const long = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(String);
const keyValue = fc.record({
  key: bytes,
  create_revision: long,
  mod_revision: long,
  version: long,
  value: bytes,
  lease: long,
});

describe("etcd's calls as code", () => {
  test("are named as gRPC and etcd3 ask for them", () => {
    expect(call("Lease", "LeaseKeepAlive")).toMatchObject({
      path: "/etcdserverpb.Lease/LeaseKeepAlive",
      originalName: "leaseKeepAlive",
      requestStream: true,
      responseStream: true,
    });
    expect(call("KV", "Range")).toMatchObject({ originalName: "range", requestStream: false, responseStream: false });
  });

  test("write every request as etcd's description says", () => {
    const condition = fc.record({
      key: bytes,
      result: fc.constant("Equal"),
      target: fc.constant("Mod"),
      mod_revision: long,
    });
    const operation = fc.oneof(
      fc.record({ request_put: fc.record({ key: bytes, value: bytes, lease: long, ignore_value: fc.boolean() }) }),
      fc.record({ request_delete_range: fc.record({ key: bytes }) }),
      fc.record({ request_range: fc.record({ key: bytes, range_end: bytes, limit: fc.nat(), revision: long }) }),
    );
    const transaction = fc.record({
      compare: fc.array(condition),
      success: fc.array(operation),
      failure: fc.array(operation),
    });
    fc.assert(
      fc.property(transaction, (sent) => {
        expect(Buffer.from(call("KV", "Txn").requestSerialize(sent))).toEqual(Buffer.from(written("TxnRequest", sent)));
      }),
    );
  });

  test("read every answer: long numbers as text, enumerations as words, what is left out as what it stands for", () => {
    const event = fc.record({ type: fc.constantFrom("Put", "Delete"), kv: keyValue });
    fc.assert(
      fc.property(fc.record({ watch_id: long, events: fc.array(event) }), (sent) => {
        const read = call("Watch", "Watch").responseDeserialize(written("WatchResponse", sent));
        expect(read).toMatchObject({ watch_id: sent.watch_id, canceled: false, cancel_reason: "", fragment: false });
        expect(read).toHaveProperty("events.length", sent.events.length);
        expect(read).toMatchObject({ events: sent.events });
      }),
    );
  });

  test("are not made of a description that lacks one", async () => {
    await expect(etcdCalls(`${PROJECT}node_modules/etcd3/proto/auth.proto`)).rejects.toThrow("KV");
  });
});
