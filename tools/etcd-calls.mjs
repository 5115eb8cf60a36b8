// etcd's calls as code: what writes their requests and reads their answers is made here once, and not at each start out of
// etcd's description, which took a third of a whole run of `confd -onetime`.
import protobuf from "protobufjs";

/** The calls that the room of etcd's client makes, by service. */
const CALLS = {
  KV: ["Range", "Txn"],
  Lease: ["LeaseGrant", "LeaseRevoke", "LeaseKeepAlive", "LeaseTimeToLive"],
  Watch: ["Watch"],
  Auth: ["Authenticate"],
};

/** What the made code finds around it, and the definition of a call as gRPC takes it. Answers have the form etcd3 asks for. */
const RUNTIME = `import Long from "long";
import { configure, Reader, util, Writer } from "protobufjs/minimal.js";
util.Long = Long;
configure();
const form = { longs: String, enums: String, defaults: true, oneofs: true };
const call = (path, originalName, request, requestStream, answer, responseStream) => ({
  path,
  originalName,
  requestStream,
  responseStream,
  requestSerialize: (sent) => request.encode(request.fromObject(sent)).finish(),
  responseDeserialize: (bytes) => answer.toObject(answer.decode(bytes), form),
});`;

/**
 * A module in the place of proto-loader: its `loadSync` gives what proto-loader's gives for etcd's description, as far as a
 * client needs it, and reads no file. It imports `long` and `protobufjs/minimal.js`, which have no part that makes code.
 *
 * @param {string} description the path of `rpc.proto`
 * @returns {Promise<string>} JavaScript
 */
export async function etcdCalls(description) {
  const root = (await new protobuf.Root().load(description, { keepCase: true })).resolveAll();
  /** @type {Set<protobuf.Type | protobuf.Enum>} */
  const requests = new Set();
  /** @type {Set<protobuf.Type | protobuf.Enum>} */
  const answers = new Set();
  const services = Object.entries(CALLS).map(([name, calls]) => {
    const service = root.lookupService(`etcdserverpb.${name}`);
    const definitions = calls.map((each) => {
      const method = service.methods[each];
      const { resolvedRequestType: request, resolvedResponseType: answer } = method ?? {};
      if (!method || !request || !answer) throw new Error(`${description} describes no ${name}.${each}`);
      gather(request, requests);
      gather(answer, answers);
      const [sent, read] = [method.requestStream === true, method.responseStream === true];
      const names = `"/etcdserverpb.${name}/${each}", "${each.charAt(0).toLowerCase()}${each.slice(1)}"`;
      return `${each}: call(${names}, ${nameOf(request)}, ${sent}, ${nameOf(answer)}, ${read})`;
    });
    return `"etcdserverpb.${name}": { ${definitions.join(", ")} }`;
  });
  const types = [...new Set([...requests, ...answers])];
  return [
    RUNTIME,
    ...types.map((type) => definitionOf(type, { isSent: requests.has(type), isRead: answers.has(type) })),
    `const services = { ${services.join(", ")} };`,
    "export const loadSync = () => services;",
  ].join("\n");
}

/**
 * Takes in a type with every type that a message of it may hold.
 *
 * @param {protobuf.Type} type
 * @param {Set<protobuf.Type | protobuf.Enum>} types
 */
function gather(type, types) {
  if (types.has(type)) return;
  types.add(type);
  for (const { resolvedType } of type.fieldsArray) {
    if (resolvedType instanceof protobuf.Type) gather(resolvedType, types);
    else if (resolvedType) types.add(resolvedType);
  }
}

/**
 * A type under its name, with the code that protobufjs makes for it.
 *
 * @param {protobuf.Type | protobuf.Enum} type
 * @param {{ readonly isSent: boolean, readonly isRead: boolean }} use
 * @returns {string}
 */
function definitionOf(type, { isSent, isRead }) {
  if (type instanceof protobuf.Enum) return `const ${nameOf(type)} = { values: ${JSON.stringify(type.valuesById)} };`;
  const { encoder, decoder, converter } = protobuf;
  const code = {
    ctor: protobuf.Type.generateConstructor(type),
    ...(isSent && { fromObject: converter.fromObject(type), encode: encoder(type) }),
    ...(isRead && { decode: decoder(type), toObject: converter.toObject(type) }),
  };
  const members = Object.entries(code).map(([name, made]) => `${name}: ${made.toString()}`);
  const ofFields = type.fieldsArray.map(({ resolvedType }) => (resolvedType ? nameOf(resolvedType) : ""));
  // It speaks of the types of fields by their place.
  const body = members.join(",\n").replaceAll(/\btypes\[(\d+)\]/g, (_, /** @type {string} */ place) => {
    return ofFields[Number(place)] ?? "";
  });
  return `const ${nameOf(type)} = {\n${body}\n};`;
}

/**
 * The name of a type in the module.
 *
 * @param {protobuf.ReflectionObject} type
 */
function nameOf({ fullName }) {
  return fullName.slice(1).replaceAll(".", "_");
}
