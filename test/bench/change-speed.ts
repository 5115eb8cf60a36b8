import { readFile } from "node:fs/promises";
import { applyChanges, type Snapshot, snapshotOf } from "../../src/core/model/snapshot.js";
import { type Model, modelOf } from "../../src/haproxy/config/model.js";
import { compileTemplate } from "../../src/template/compile.js";
import { record } from "../support/records.js";
import { type Comparison, summaryOf } from "./statistics.js";

const SIZES = [1_000, 10_000];
const TCP = "haproxy-tcp.cfg.hbs";
/** The same objects in every round, as a daemon has them: what is remembered of a block hangs on them. */
const [ENV, NO_ENV] = [{ HECD_TCP_SERVICES: "web=:9000" }, {}];
const GO = `{{range gets "/app/web/*"}}    server {{base .Key}} {{.Value}} check\n{{end}}`;

/**
 * From the change of one key among many to the new text, beside a loop that writes one line for each key; and from there
 * to what the text says, beside one that cuts it into lines.
 */
export async function changeSpeed(rounds: number): Promise<readonly Comparison[]> {
  const stock = (name: string) => readFile(new URL(`../../templates/${name}`, import.meta.url), "utf8");
  const templates = [
    ["the stock HTTP template, from records", "haproxy.cfg.hbs", await stock("haproxy.cfg.hbs"), asRecord],
    ["the stock TCP template", TCP, await stock(TCP), asPair],
    ["a Go template with `gets`", "web.tmpl", GO, asPair],
  ] as const;
  const comparisons: Comparison[] = [];
  for (const size of SIZES) {
    for (const [what, name, source, entryOf] of templates) {
      const template = await compileTemplate(name, source);
      const ours = times(
        size,
        rounds,
        entryOf,
        (snapshot) => template.render({ snapshot, prefix: "/", env: name === TCP ? ENV : NO_ENV }).text,
      );
      const floor = times(size, rounds, asPair, linesOf);
      const keys = size.toLocaleString("en");
      comparisons.push({
        what: `one of ${keys} keys changed to text, ${what}`,
        ours: summaryOf(ours),
        floor: summaryOf(floor),
      });
    }
  }
  return [...comparisons, readingSpeed(10_000, rounds)];
}

/** How long it takes to read a configuration of which one line has changed, as HAProxy would. */
function readingSpeed(size: number, rounds: number): Comparison {
  const texts = Array.from({ length: 2 * rounds }, (_, round) => configurationOf(size, round));
  const [ours, floor]: [number[], number[]] = [[], []];
  let model: Model | undefined;
  for (const [round, text] of texts.entries()) {
    let begun = performance.now();
    model = modelOf(text, model);
    const oursMs = performance.now() - begun;
    begun = performance.now();
    text.split("\n");
    const floorMs = performance.now() - begun;
    if (round < rounds) continue; // the first half warms up
    ours.push(oursMs);
    floor.push(floorMs);
  }
  const what = `one of ${size.toLocaleString("en")} servers changed in a configuration, which is read`;
  return { what, ours: summaryOf(ours), floor: summaryOf(floor) };
}

function configurationOf(size: number, round: number): string {
  const changed = (round * 7919) % size;
  const lines = Array.from({ length: size }, (_, index) => {
    const { ip, port } = addressOf(index, index === changed ? round : 0);
    return `    server web-${index} ${ip}:${port} check`;
  });
  return ["defaults", "    mode http", "backend web", "    default-server inter 1s", ...lines, ""].join("\n");
}

type EntryOf = (index: number, round: number) => readonly [key: string, value: string];

/** How long the text takes in each round, in which another key changes. */
function times(size: number, rounds: number, entryOf: EntryOf, textOf: (snapshot: Snapshot) => string): number[] {
  const entries = Array.from({ length: size }, (_, index) => entryOf(index, 0));
  let snapshot = snapshotOf(0n, entries);
  const taken: number[] = [];
  for (let round = 1 - rounds; round <= rounds; round++) {
    const [key, value] = entryOf((Math.abs(round) * 7919) % size, rounds + round);
    const begun = performance.now();
    snapshot = applyChanges(snapshot, [{ kind: "put", key, value }], BigInt(rounds + round));
    Buffer.byteLength(textOf(snapshot)); // until then a text may be a rope
    if (round > 0) taken.push(performance.now() - begun); // the first half warms up
  }
  return taken;
}

function linesOf({ entries }: Snapshot): string {
  let text = "";
  for (const [key, value] of entries) text += `    server ${key} ${value} check\n`;
  return text;
}

function addressOf(index: number, round: number): { readonly ip: string; readonly port: number } {
  return { ip: `10.${round}.${index >> 8}.${index & 255}`, port: 32_768 };
}

function asPair(index: number, round: number): readonly [string, string] {
  const { ip, port } = addressOf(index, round);
  return [`/app/web/web-${index}`, `${ip}:${port}`];
}

function asRecord(index: number, round: number): readonly [string, string] {
  return record({ name: `web-${index}`, ...addressOf(index, round) });
}
