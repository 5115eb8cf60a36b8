/** How HAProxy is made to read its file anew. */
export type ReloadDriver =
  | { readonly kind: "master"; readonly socket: string }
  | { readonly kind: "signal"; readonly pidFile: string }
  | { readonly kind: "systemd"; readonly unit: string }
  | { readonly kind: "command"; readonly command: string }
  | InContainer;

/** An HAProxy in a container, by the API of its engine. */
export interface InContainer {
  readonly kind: "docker";
  /** Its name. */
  readonly container: string;
  /** The URL of its engine; undefined for the one that the settings name. */
  readonly engine: string | undefined;
  /** What the master is sent; undefined for its own socket where there is one, else USR2. */
  readonly signal: MasterSignal | undefined;
}

/** A file that is kept. */
interface KeptFile {
  readonly dest: string;
  readonly haproxy: { readonly reload: ReloadDriver } | undefined;
}

/** Tells files apart: containers may have one at the same path each. */
export function fileOf({ dest, haproxy }: KeptFile): string {
  if (haproxy?.reload.kind !== "docker") return dest;
  const { container, engine = "" } = haproxy.reload;
  return `${container}@${engine}:${dest}`;
}

/** The signals by which a master reads its file anew. */
export type MasterSignal = "USR2" | "HUP";
