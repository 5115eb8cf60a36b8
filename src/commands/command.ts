import type { DockerConnection } from "../edges/docker/connection.js";
import type { Terminal } from "../display/terminal.js";
import type { SettingName, Settings } from "../settings.js";

/** One word behind `hecd` that takes flags only: which settings it takes, how it is explained, and what it does. */
export interface Command extends Explained {
  /** Resolves to the exit code; a daemon rejects with the signal's reason when it was asked to stop. */
  run(settings: Settings, world: ProcessWorld, signal: AbortSignal): Promise<number>;
}

/** A word that works on the one thing that is named behind it. */
export interface OperandCommand extends Explained {
  readonly operand: {
    /** As the usage line has it: `CONTAINER`. */
    readonly name: string;
    /** Whether it may be left out. */
    readonly isOptional?: boolean;
    /** A second one, which may be left out. */
    readonly second?: string;
    /** How the usage line shows what may follow a `--`, for words that pass it on. */
    readonly rest?: string;
  };
  /** Resolves to the exit code; rejects with the signal's reason when it was called off, which is a failure. */
  run(given: CommandInput, settings: Settings, world: ProcessWorld, signal: AbortSignal): Promise<number>;
}

/** A word of either kind. */
export type AnyCommand = Command | OperandCommand;

/** What stands behind a word besides its flags; empty where it is left out. */
export interface CommandInput {
  readonly operand: string;
  readonly second: string;
  /** What follows a `--`, as it is; nothing for words that pass nothing on. */
  readonly rest: readonly string[];
}

interface Explained {
  /** What `--help` says above the flags. */
  readonly explanation: string;
  readonly settings: readonly SettingName[];
}

/** What a command may know and use of the process it runs in. */
export interface ProcessWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  /** How many lines could not be written to stderr. */
  readonly linesLost: () => number;
  /** The version of the program. */
  readonly version: () => string;
  /** Whether a person reads stderr. */
  readonly onTerminal: boolean;
  /** Where stdout is one. */
  readonly terminal: Terminal | undefined;
  /** From now on a SIGHUP calls `listener` instead of ending the process. */
  takeHangups(listener: () => void): void;
  /** From now on an orderly stop may take so long before the process ends all the same. */
  allowForStop(ms: number): void;
  /** From now on looks at files and sockets as somebody else would; undefined ends that. Only root can. */
  lookAs(ids: Ids | undefined): void;
}

/** The numbers of a user and his groups, the first of them his own. */
export interface Ids {
  readonly uid: number;
  readonly groups: readonly number[];
}

/** Settings of everything that talks to the store. */
export const STORE_SETTINGS = [
  "etcd",
  "etcd-username",
  "etcd-password",
  "etcd-password-file",
  "etcd-ca",
  "etcd-cert",
  "etcd-key",
  "store",
  "store-username",
  "store-password",
  "store-password-file",
  "store-ca",
  "store-cert",
  "store-key",
] as const satisfies readonly SettingName[];

/** Settings of everything that registers the containers of a Docker engine. */
export const DOCKER_SETTINGS = [
  "docker",
  "docker-tls",
  "docker-cert-path",
  "docker-config",
  "filter",
  "prefix",
  "advertise",
  "advertise-alt",
  "host-id",
  "container-port",
  "health",
  "probe",
  "stop-grace",
  "max-ports",
  "network",
  "compat",
  "explicit",
  "namespace",
  "service-from",
  "resync",
] as const satisfies readonly SettingName[];

/** Settings of everything that decides on containers as an agent would, without being one. */
export const DECISION_SETTINGS = [
  "agent",
  ...DOCKER_SETTINGS.filter((name) => name !== "resync"),
  "allow-loopback",
  "etcd",
  "store",
] as const satisfies readonly SettingName[];

/** How an engine is spoken to as the settings have it. */
export function connectionTo(url: string, settings: Settings): DockerConnection {
  const { "docker-tls": tls, "docker-cert-path": certPath, "docker-config": configPath } = settings;
  return { url, tls, certPath, configPath };
}
