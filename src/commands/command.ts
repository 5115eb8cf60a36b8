import type { SettingName, Settings } from "../settings.js";

/** One word behind `hecd`: which settings it takes, how it is explained, and what it does. */
export interface Command {
  /** What `--help` says above the flags. */
  readonly explanation: string;
  readonly settings: readonly SettingName[];
  /** Resolves to the exit code; a daemon rejects with the signal's reason when it was asked to stop. */
  run(settings: Settings, world: World, signal: AbortSignal): Promise<number>;
}

/** What a command may know and use of the process it runs in. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  /** Whether a person reads stderr. */
  readonly onTerminal: boolean;
  /** From now on a SIGHUP calls `listener` instead of ending the process. */
  takeHangups(listener: () => void): void;
  /** From now on an orderly stop may take so long before the process ends all the same. */
  allowForStop(ms: number): void;
}

/** Settings of everything that talks to etcd. */
export const ETCD_SETTINGS = [
  "etcd",
  "etcd-username",
  "etcd-password",
  "etcd-password-file",
  "etcd-ca",
  "etcd-cert",
  "etcd-key",
] as const satisfies readonly SettingName[];

/** Settings of everything that registers the containers of a Docker engine. */
export const DOCKER_SETTINGS = [
  "docker",
  "docker-tls",
  "docker-cert-path",
  "prefix",
  "advertise",
  "advertise-alt",
  "host-id",
  "container-port",
  "max-ports",
  "network",
  "compat",
  "explicit",
  "namespace",
  "service-from",
  "resync",
] as const satisfies readonly SettingName[];
