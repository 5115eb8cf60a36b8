import { flagsOf } from "../../src/command-line.js";
import { STANDALONE_COMMANDS, WORDS } from "../../src/cli.js";
import { confdFlagOf, FLAG_NAMES } from "../../src/confd/flags.js";

/** What a shell has to know of a word behind `hecd`. */
interface Completed {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly CompletedFlag[];
  /** What `hecd names` is asked for where the word takes the name of something. */
  readonly names: readonly ("containers" | "services")[];
  /** What else stands there. */
  readonly others: readonly string[];
}

/** A flag with its dashes, and what follows it. */
interface CompletedFlag {
  readonly flag: string;
  readonly help: string;
  /** Undefined for a switch. */
  readonly takes: string | undefined;
}

/** Every word behind `hecd`, the ones with rules of their own among them. */
async function completedWords(): Promise<readonly Completed[]> {
  const words = await Promise.all(
    WORDS.map(async ({ name, summary, load }): Promise<Completed> => {
      const command = await load();
      const kinds = "operand" in command ? command.operand.name.split("|") : [];
      const names = [
        ...(kinds.includes("CONTAINER") ? (["containers"] as const) : []),
        ...(kinds.includes("SERVICE") ? (["services"] as const) : []),
      ];
      const flags = flagsOf(command).map((flag) => ({ flag: `--${flag.name}`, help: flag.help, takes: flag.takes }));
      return { name, summary, flags, names, others: kinds.filter((kind) => /^[a-z]/.test(kind)) };
    }),
  );
  const standalone = STANDALONE_COMMANDS.map(({ name, summary }): Completed => {
    return { name, summary, flags: confdFlags(), names: [], others: [] };
  });
  return [...words, ...standalone];
}

/** The flags of confd, with one dash as confd writes them. */
function confdFlags(): readonly CompletedFlag[] {
  return FLAG_NAMES.map((name) => ({ name, ...confdFlagOf(name) }))
    .filter(({ isIdle }) => isIdle !== true)
    .map(({ name, kind, help }) => ({ flag: `-${name}`, help, takes: kind.takes }));
}

/** For bash, of which the package bash-completion asks nothing more than to lie in its folder. */
export async function bashCompletion(): Promise<string> {
  const words = await completedWords();
  const cases = words.map(({ name, flags, names, others }) => {
    const live = names.map((kind) => ` $(hecd names ${kind} 2>/dev/null)`).join("");
    const operands = `${others.join(" ")}${live}`.trim();
    return `    ${name}) flags="${flags.map(({ flag }) => flag).join(" ")}"; operands="${operands}" ;;`;
  });
  const all = [...words.flatMap(({ flags }) => flags)];
  const files = flagsThatTake(all, /^(FILE|DIR)$/);
  const values = flagsThatTake(all, /./).filter((flag) => !files.includes(flag));
  return `# bash completion for hecd and confd
_hecd_words() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local word="$1" flags="" operands=""
  case "$previous" in
    ${files.join("|")}) mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
    ${values.join("|")}) return ;;
  esac
  case "$word" in
${cases.join("\n")}
  esac
  case "$current" in
    -*) mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$current") ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$operands" -- "$current") ;;
  esac
}
_hecd() {
  if [ "$COMP_CWORD" -eq 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W "${[...words.map(({ name }) => name), "--help", "--version"].join(" ")}" -- "\${COMP_WORDS[1]}")
  else
    _hecd_words "\${COMP_WORDS[1]}"
  fi
}
_hecd_confd() { _hecd_words confd; }
complete -o bashdefault -F _hecd hecd
complete -o bashdefault -F _hecd_confd confd
`;
}

/** For zsh: a file \`_hecd\` in its path of functions. */
export async function zshCompletion(): Promise<string> {
  const words = await completedWords();
  const cases = words.map(({ name, flags, names, others }) => {
    const options = flags.map(({ flag, help, takes }) => {
      const value = takes === undefined ? "" : `:${zsh(takes)}:${/^(FILE|DIR)$/.test(takes) ? "_files" : ""}`;
      return `        ${quoted(`*${flag}[${zsh(help)}]${value}`)}`;
    });
    const operand =
      names.length > 0
        ? ["'1: :_hecd_names " + names.join(" ") + "'"]
        : others.length > 0
          ? [`'1: :(${others.join(" ")})'`]
          : [];
    return `    ${name})\n      _arguments ${[...options, ...operand.map((each) => `        ${each}`)].map((each) => `\\\n${each}`).join(" ")} ;;`;
  });
  return `#compdef hecd confd=hecd-confd
_hecd_names() {
  local -a found
  local kind
  for kind in "$@"; do found+=(\${(f)"$(hecd names $kind 2>/dev/null)"}); done
  compadd -a found
}
_hecd_word() {
  case "$1" in
${cases.join("\n")}
  esac
}
_hecd() {
  if [ "$service" = hecd-confd ]; then
    _hecd_word confd
  elif [ "$CURRENT" -eq 2 ]; then
    local -a commands=(
${words.map(({ name, summary }) => `      ${quoted(`${name}:${summary}`)}`).join("\n")}
    )
    _describe command commands
  else
    local word="$words[2]"
    shift words
    CURRENT=$((CURRENT - 1))
    _hecd_word "$word"
  fi
}
_hecd "$@"
`;
}

/** For fish, one program a file. */
export async function fishCompletion(program: "hecd" | "confd"): Promise<string> {
  const lines = (flags: readonly CompletedFlag[], condition: string): readonly string[] =>
    flags.map(({ flag, help, takes }) => {
      const kind = flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-o ${flag.slice(1)}`;
      const value = takes === undefined ? "" : /^(FILE|DIR)$/.test(takes) ? " -r -F" : " -x";
      return `complete -c ${program}${condition} ${kind}${value} -d ${quoted(help)}`;
    });
  if (program === "confd") return `# fish completion for confd\n${lines(confdFlags(), "").join("\n")}\n`;
  const words = await completedWords();
  const perWord = words.flatMap(({ name, flags, names, others }) => {
    const condition = ` -n '__fish_seen_subcommand_from ${name}'`;
    const live = [...names.map((kind) => `(hecd names ${kind} 2>/dev/null)`), ...others];
    return [
      ...lines(flags, condition),
      ...(live.length > 0 ? [`complete -c hecd${condition} -f -a '${live.join(" ")}'`] : []),
    ];
  });
  const first = words.map(
    ({ name, summary }) => `complete -c hecd -n __fish_use_subcommand -f -a ${name} -d ${quoted(summary)}`,
  );
  return `# fish completion for hecd\n${[...first, ...perWord].join("\n")}\n`;
}

function flagsThatTake(flags: readonly CompletedFlag[], value: RegExp): readonly string[] {
  return [...new Set(flags.filter(({ takes }) => takes !== undefined && value.test(takes)).map(({ flag }) => flag))];
}

/** A word of zsh's or fish's; both end it at the next quote. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "’")}'`;
}

/** What zsh would read as the end of an explanation. */
function zsh(text: string): string {
  return text.replace(/[[\]:\\]/g, "\\$&");
}
