import { flagsOf, usageLineOf } from "../../src/command-line.js";
import { STANDALONE_COMMANDS, WORDS } from "../../src/cli.js";
import { confdFlagOf, FLAG_NAMES } from "../../src/confd/flags.js";
import { flagOf, settingNames } from "../../src/config.js";
import { SETTINGS } from "../../src/settings.js";
import { example, item, type Page, paragraphs, part, type Roff, section } from "./roff.js";

/** Where everything else is written down, once it is installed. */
const ELSEWHERE = "The pages of the project say more: labels, keys, templates, HAProxy, failures.";

/** The manual of `hecd`, of its settings file and of `confd`, out of what the program knows of itself. */
export async function pages(): Promise<readonly Page[]> {
  return [await hecdPage(), settingsPage(), confdPage()];
}

async function hecdPage(): Promise<Page> {
  const commands = await Promise.all(
    WORDS.map(async ({ name, summary, load }): Promise<Roff> => {
      const command = await load();
      const flags = flagsOf(command).map(({ name: flag }) => `--${flag}`);
      return part(
        usageLineOf(name, command),
        paragraphs(`${capital(summary)}.`),
        paragraphs(command.explanation),
        paragraphs(`Flags: ${flags.join(", ")}`),
      );
    }),
  );
  const standalone = STANDALONE_COMMANDS.map(({ name, summary }) =>
    part(`hecd ${name}`, paragraphs(`${capital(summary)}. See hecd ${name} --help.`)),
  );
  const flags = settingNames().flatMap((name) => {
    const flag = flagOf(name);
    return flag ? [item(`--${name}`, flag.takes, explained(flag.help, flag.fallback))] : [];
  });
  const environment = settingNames().flatMap((name) => {
    const others = SETTINGS[name] as { readonly alsoFrom?: readonly string[] };
    return others.alsoFrom ? [item(others.alsoFrom.join(", "), undefined, `What --${name} says, after the file.`)] : [];
  });
  return {
    name: "hecd",
    section: 1,
    summary: "service discovery for Docker and HAProxy",
    body: [
      section("SYNOPSIS", paragraphs("hecd COMMAND [flags]"), paragraphs("hecd --help | --version")),
      section(
        "DESCRIPTION",
        paragraphs(
          "An agent on every Docker host keeps container -> host:port keys in etcd. A renderer beside every HAProxy " +
            "follows those keys, renders haproxy.cfg from a template and brings HAProxy there.",
        ),
        paragraphs(`A command says with --help which flags it takes. ${ELSEWHERE}`),
      ),
      section("COMMANDS", ...commands, ...standalone),
      section("OPTIONS", paragraphs("Every flag of any command:"), ...flags),
      section(
        "ENVIRONMENT",
        item("HECD_<FLAG>", undefined, "Every flag, in capitals and with _ for -: HECD_HOST_ID is --host-id."),
        ...environment,
      ),
      section(
        "FILES",
        item("/etc/hecd/hecd.toml", undefined, "Settings: see hecd.toml(5)."),
        item("/etc/hecd/conf.d/", undefined, "Resources of the renderer: which template becomes which file."),
        item("/etc/hecd/templates/", undefined, "Their templates."),
        item("/etc/default/hecd", undefined, "Environment of the services."),
        item("/var/lib/hecd/", undefined, "What the services keep across restarts."),
      ),
      section(
        "EXIT STATUS",
        item("0", undefined, "Fine; a daemon was asked to end, and did."),
        item("1", undefined, "Failed."),
        item("2", undefined, "With render --once --exit-code: nothing had changed."),
        item("64", undefined, "The command line or a setting cannot be used."),
        item("70", undefined, "A daemon was asked to end, and not everything ended in time."),
        item("78", undefined, "Another agent has the host (--on-held exit)."),
      ),
      section("SEE ALSO", paragraphs("hecd.toml(5), confd(1), haproxy(1), docker(1), etcd(1)")),
    ],
  };
}

function settingsPage(): Page {
  const keys = settingNames()
    .filter((name) => name !== "config")
    .map((name) => {
      const { value, help } = SETTINGS[name] as { readonly value?: string; readonly help: string };
      return item(name, `= ${value ?? "true | false"}`, explained(help, flagOf(name)?.fallback));
    });
  return {
    name: "hecd.toml",
    section: 5,
    summary: "settings of hecd",
    body: [
      section(
        "DESCRIPTION",
        paragraphs(
          "/etc/hecd/hecd.toml, or the file that --config names, is read by every command of hecd. It may be absent. " +
            "A key is a flag without its dashes; a flag on the command line is stronger, and so is HECD_<FLAG> in the " +
            "environment. A key that is not known, or a value that cannot be used, is an error.",
        ),
        paragraphs("What may be given several times is a list here. Times are written as 500ms, 30s or 1m30s."),
        example('host-id = "node1"\netcd = ["http://10.0.0.1:2379", "http://10.0.0.2:2379"]\nttl = "30s"'),
      ),
      section("KEYS", ...keys),
      section("SEE ALSO", paragraphs("hecd(1)")),
    ],
  };
}

function confdPage(): Page {
  const flags = FLAG_NAMES.map((name) => ({ name, ...confdFlagOf(name) }));
  const acting = flags.filter(({ isIdle }) => isIdle !== true);
  const idle = flags.filter(({ isIdle }) => isIdle === true);
  return {
    name: "confd",
    section: 1,
    summary: "files from templates and keys, as confd makes them",
    body: [
      section("SYNOPSIS", paragraphs("confd [flags]"), paragraphs("confd BACKEND [flags]")),
      section(
        "DESCRIPTION",
        paragraphs(
          "This confd is the one of HECD: it takes the command lines, files and templates of kelseyhightower/confd and " +
            "of its fork as they are, on etcd, the environment and files.",
        ),
      ),
      section(
        "OPTIONS",
        ...acting.map(({ name, kind, key, help }) =>
          item(`-${name}`, kind.takes, `${capital(help)}.${key === undefined ? "" : ` In confd.toml: ${key}.`}`),
        ),
        paragraphs(`Taken, and of no consequence: ${idle.map(({ name }) => `-${name}`).join(", ")}.`),
      ),
      section("FILES", item("/etc/confd/confd.toml", undefined, "Settings; may be absent.")),
      section("SEE ALSO", paragraphs("hecd(1)")),
    ],
  };
}

function explained(help: string, fallback: string | undefined): string {
  return `${capital(help)}.${fallback === undefined ? "" : ` Default: ${fallback}.`}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
