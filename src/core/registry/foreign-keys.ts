import { z } from "zod";

/** A key as another store has it. */
export interface ForeignKey {
  /** As it is to be here: with a slash before it. */
  readonly key: string;
  readonly value: string;
  /** In how many seconds it ends by itself; 0 where that is not known. Undefined for one that stays. */
  readonly endsInSeconds?: number | undefined;
}

interface Node {
  readonly key?: string | undefined;
  readonly dir?: boolean | undefined;
  readonly value?: string | undefined;
  readonly ttl?: number | undefined;
  readonly nodes?: readonly Node[] | undefined;
}

const nodeSchema: z.ZodType<Node> = z.object({
  key: z.string().optional(),
  dir: z.boolean().optional(),
  value: z.string().optional(),
  ttl: z.number().optional(),
  get nodes() {
    return z.array(nodeSchema).optional();
  },
});

const treeSchema = z.object({ node: nodeSchema });
const exportedSchema = z.array(z.object({ key: z.string(), value: z.string().nullish() }));
const pairsSchema = z.record(z.string(), z.string());

/** The keys of a tree as etcd's old API gives it; undefined where it is none. What a folder's time is, its keys have as well. */
export function keysOfTree(json: unknown): readonly ForeignKey[] | undefined {
  const tree = treeSchema.safeParse(json).data;
  return tree && keysBelow(tree.node, undefined);
}

/** The keys of what `consul kv export` has written, or of an object of keys and values; undefined for anything else. */
export function keysOfExport(json: unknown): readonly ForeignKey[] | undefined {
  const pairs = pairsSchema.safeParse(json).data;
  if (pairs) return Object.entries(pairs).map(([key, value]) => ({ key: withSlash(key), value }));
  const exported = exportedSchema.safeParse(json).data;
  return exported
    ?.filter(({ key }) => !key.endsWith("/"))
    .map(({ key, value }) => ({ key: withSlash(key), value: Buffer.from(value ?? "", "base64").toString() }));
}

/** A key with the slash before it that all of ours have. */
export function withSlash(key: string): string {
  return key.startsWith("/") ? key : `/${key}`;
}

function keysBelow({ key = "/", dir, value, ttl, nodes = [] }: Node, above: number | undefined): ForeignKey[] {
  const endsInSeconds = Math.min(ttl ?? Infinity, above ?? Infinity);
  const isEnding = endsInSeconds !== Infinity;
  if (dir !== true && value !== undefined) return [{ key, value, ...(isEnding && { endsInSeconds }) }];
  return nodes.flatMap((node) => keysBelow(node, isEnding ? endsInSeconds : undefined));
}
