import { spawnSync } from "node:child_process";
import type { Clock } from "../../flow/clock.js";
import type { ServiceRecord } from "../../template/functions/world.js";

/** A resolver that has not answered by then has failed. The program stands still meanwhile. */
const ANSWER_WITHIN_MS = 2_000;

/** Answers are asked for anew after that long, so that a burst of renderings costs one look. */
const FRESH_MS = 5_000;

/** What is asked: the addresses of a host or the SRV records of a service. */
export interface Question {
  readonly kind: "host" | "service";
  readonly name: string;
}

/** The part that was asked for; the other one is empty. */
export interface Answer {
  readonly addresses: readonly string[];
  readonly records: readonly ServiceRecord[];
}

/** Gives the answer at once; of a name that does not exist it is empty. Undefined when it could not find out. */
export type Resolver = (question: Question) => Answer | undefined;

/**
 * The names that templates look up.
 *
 * A template cannot wait, so the whole program does: for two seconds at most, and for the same name every five seconds at
 * most. When the resolver fails, what it said last stays in force: no server is lost because of it.
 */
export class NameLookups {
  readonly #clock: Clock;
  readonly #resolve: Resolver;
  readonly #answers = new Map<string, { readonly answer: Answer; readonly until: number }>();

  constructor(clock: Clock, resolve: Resolver = resolveInChild) {
    this.#clock = clock;
    this.#resolve = resolve;
  }

  /** The addresses of a host name, in no order to rely on. */
  host(name: string): readonly string[] {
    return this.#ask({ kind: "host", name }).addresses;
  }

  /** The SRV records of a name; their targets end in a dot. */
  service(name: string): readonly ServiceRecord[] {
    return this.#ask({ kind: "service", name }).records;
  }

  #ask(question: Question): Answer {
    const key = `${question.kind} ${question.name}`;
    const known = this.#answers.get(key);
    if (known !== undefined && this.#clock.now() < known.until) return known.answer;
    const answer = this.#resolve(question) ?? known?.answer ?? { addresses: [], records: [] };
    this.#answers.set(key, { answer, until: this.#clock.now() + FRESH_MS });
    return answer;
  }
}

/** Asks the system's resolver. Node does that in the background only, hence a child that has nothing else to do. */
export function resolveInChild({ kind, name }: Question): Answer | undefined {
  const { status, stdout } = spawnSync(process.execPath, ["-e", PROGRAM, "--", kind, name], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    timeout: ANSWER_WITHIN_MS,
    killSignal: "SIGKILL",
  });
  return status === 0 ? (JSON.parse(stdout) as Answer) : undefined; // our own program printed it
}

/** What the child runs: it prints an answer, or fails when the resolver could not tell. */
const PROGRAM = `
  const dns = require("node:dns/promises");
  const { argv } = process;
  const [kind, name] = argv.slice(1);
  const say = (addresses, records) => console.log(JSON.stringify({ addresses, records }));
  const looks = {
    host: async () => say((await dns.lookup(name, { all: true })).map(({ address }) => address), []),
    service: async () =>
      say([], (await dns.resolveSrv(name)).map(({ name: host, ...record }) => ({ ...record, target: host + "." }))),
  };
  looks[kind]().catch((error) => {
    if (!["ENOTFOUND", "ENODATA", "EBADNAME"].includes(error.code)) throw error;
    say([], []);
  });
`;
