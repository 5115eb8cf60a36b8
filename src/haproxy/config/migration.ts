/** A line that today's HAProxy refuses. */
export interface Hint {
  /** Counted from 1. */
  readonly line: number;
  /** The line as it is written, without the blanks around it. */
  readonly found: string;
  /** What became of the word, such as `gone since HAProxy 2.1`. */
  readonly reason: string;
  /** What to write in its place, a line each; nothing where the line is just to be removed. */
  readonly instead: readonly string[];
}

interface Rule {
  readonly word: RegExp;
  readonly reason: string;
  readonly instead: (match: RegExpExecArray) => readonly string[];
}

/** Words of a template stand for one word of the configuration. */
const WORD = String.raw`(?:\{\{.*?\}\}|[^\s{])+`;
const REST = String.raw`(?:\s+(.*))?$`;

/** `word` followed by its arguments, which are the first group. */
function starting(word: string): RegExp {
  return new RegExp(`^${word}${REST}`);
}

function renamed(old: string, since: string, now: string): Rule {
  return { word: starting(old), reason: `gone since HAProxy ${since}`, instead: ([, rest]) => [joined(now, rest)] };
}

function removed(old: string, since: string, why: string): Rule {
  return { word: starting(old), reason: `gone since HAProxy ${since}: ${why}`, instead: () => [] };
}

const RULES: readonly Rule[] = [
  renamed("contimeout", "2.1", "timeout connect"),
  renamed("clitimeout", "2.1", "timeout client"),
  renamed("srvtimeout", "2.1", "timeout server"),
  renamed(String.raw`timeout\s+contimeout`, "2.1", "timeout connect"),
  renamed(String.raw`timeout\s+clitimeout`, "2.1", "timeout client"),
  renamed(String.raw`timeout\s+srvtimeout`, "2.1", "timeout server"),
  renamed("redispatch", "2.1", "option redispatch"),
  renamed("redisp", "2.1", "option redispatch"),
  renamed("block", "2.1", "http-request deny"),
  {
    word: /^(reqadd|rspadd)\s+(.*?)(?:\s+((?:if|unless)\s.*))?$/,
    reason: "gone since HAProxy 2.1",
    instead: ([, word = "", header = "", condition]) => [
      joined(`${directionOf(word)} add-header ${headerOf(header)}`, condition),
    ],
  },
  {
    word: /^(reqi?del|rspi?del)\s+(.*?)(?:\s+((?:if|unless)\s.*))?$/,
    reason: "gone since HAProxy 2.1; a pattern for the header's name needs -m reg, since HAProxy 2.2",
    instead: ([, word = "", header = "", condition]) => [
      joined(`${directionOf(word)} del-header ${header.replace(/^\^|:.*$/g, "")}`, condition),
    ],
  },
  {
    word: /^(reqi?rep|rspi?rep)(?:\s+(.*))?$/,
    reason: "gone since HAProxy 2.1; what stood for the request line is now replace-path or replace-uri",
    instead: ([, word = ""]) =>
      word.startsWith("rsp")
        ? ["http-response replace-header NAME PATTERN TEXT"]
        : ["http-request replace-path PATTERN TEXT", "http-request replace-header NAME PATTERN TEXT"],
  },
  {
    word: /^(reqi?(deny|tarpit|allow)|rspi?(deny))(?:\s+(.*?))?(?:\s+((?:if|unless)\s.*))?$/,
    reason: "gone since HAProxy 2.1; what the pattern matched is now a condition",
    instead: ([, word = "", request, response]) => [
      `${directionOf(word)} ${request ?? response ?? "deny"} if { path -m reg PATTERN }`,
    ],
  },
  removed("reqi?pass", "2.1", "conditions decide what a rule is for"),
  {
    word: starting(String.raw`reqi?setbe`),
    reason: "gone since HAProxy 2.1",
    instead: () => ["use_backend NAME if { path -m reg PATTERN }"],
  },
  removed("nbproc", "2.5", "threads take the place of processes by themselves"),
  {
    word: starting(String.raw`tune\.chksize`),
    reason: "gone since HAProxy 2.4",
    instead: ([, rest]) => [joined("tune.bufsize", rest)],
  },
  removed("grace", "2.5", "hard-stop-after bounds how long an old process lives"),
  removed(String.raw`option\s+forceclose`, "2.0", "option httpclose is there where it is really needed"),
  removed(String.raw`option\s+http-tunnel`, "2.1", "it is not needed any more"),
  removed(String.raw`option\s+http_proxy`, "2.5", "http-request set-dst and set-uri do it"),
  removed(String.raw`option\s+tcpsplice`, "1.5", "option splice-auto took its place"),
  removed("debug", "2.5", "start HAProxy with -d"),
  {
    word: /^mode\s+health$/,
    reason: "gone since HAProxy 2.2",
    instead: () => ["mode http", "http-request return status 200"],
  },
  {
    word: /^monitor-net\s+(.*)$/,
    reason: "gone since HAProxy 2.2",
    instead: ([, net = ""]) => [`http-request return status 200 if { src ${net} }`],
  },
  {
    word: starting("appsession"),
    reason: "gone since HAProxy 1.6",
    instead: () => [
      "stick-table type string len 64 size 1m expire 3h",
      "stick store-response res.cook(NAME)",
      "stick match req.cook(NAME)",
    ],
  },
  removed(String.raw`timeout\s+appsession`, "1.6", "the expire of a stick-table took its place"),
  {
    word: new RegExp(String.raw`^(listen|frontend)\s+(${WORD})\s+(${WORD})$`),
    reason: "an address beside the name is refused since HAProxy 2.3",
    instead: ([, section = "", name = "", address = ""]) => [`${section} ${name}`, `    bind ${address}`],
  },
];

/** Every line of a configuration, or of a template for one, that HAProxy 2.6 and later refuse. */
export function hintsOn(text: string): readonly Hint[] {
  return text.split("\n").flatMap((line, index) => {
    const found = withoutComment(line).trim();
    for (const { word, reason, instead } of RULES) {
      const match = word.exec(found);
      if (match) return [{ line: index + 1, found, reason, instead: instead(match) }];
    }
    return [];
  });
}

/** A hint in the words of a report. */
export function describeHint({ line, found, reason, instead }: Hint): string {
  const advice =
    instead.length === 0 ? "remove the line" : `write: ${instead.map((words) => words.trim()).join(" | ")}`;
  return `line ${line}: "${found}" is ${reason}; ${advice}`.replace('" is an address', '": an address');
}

function directionOf(word: string): string {
  return word.startsWith("rsp") ? "http-response" : "http-request";
}

/** `X-Name:\ value` as the two words that add-header takes. */
function headerOf(words: string): string {
  const [, name = words, value = ""] = /^([^:\s]+):(?:\\ |\s)*(.*)$/.exec(words) ?? [];
  return joined(name, value);
}

function joined(words: string, rest: string | undefined): string {
  return rest === undefined || rest === "" ? words : `${words} ${rest}`;
}

/** A `#` begins a comment unless it is escaped or inside quotes. */
function withoutComment(line: string): string {
  return /^(?:[^#"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*'|["'](?=[^"']*$))*/.exec(line)?.[0] ?? line;
}
