import { haproxyVersion } from "./haproxy.js";

/** The environment of a renderer whose requests wait so long for a server, by the script beside the templates. */
export async function heldEnv(time: string): Promise<Readonly<Record<string, string>>> {
  return {
    HECD_HOLD: time,
    HECD_HOLD_SCRIPT: new URL("../../templates/hold.lua", import.meta.url).pathname,
    HECD_HAPROXY_VERSION: await haproxyVersion(),
  };
}
