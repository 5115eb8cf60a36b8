import { cfgAnswers } from "../edges/cfg/cfg-answers.js";
import { openCfgServer } from "../edges/cfg/cfg-server.js";
import { isOnLoopback } from "../edges/host/listening.js";
import { tokenTest } from "../edges/status/orders.js";
import { HecdError } from "../errors.js";
import type { GivenFiles } from "../ports.js";
import type { Settings } from "../settings.js";
import { type Deps, tokenOf } from "./daemon.js";

/** What is said at a status address that others than this machine reach. */
const ELSEWHERE = "Files are given out on a loopback address, or at --cfg-listen by HTTPS and a token";

/** Files on their way to other hosts, until disposed. */
interface GivenOut extends AsyncDisposable {
  /** What answers for them at the status address. */
  readonly answers: ReturnType<typeof cfgAnswers>;
}

/**
 * Gives out the files of a renderer: at its status address where that is on loopback, and where the settings say besides.
 *
 * Throws `config-invalid` where others than this machine could have them in the clear or without a token, and as
 * `openCfgServer` does.
 */
export async function giveOut(
  files: GivenFiles,
  statusListen: string,
  settings: Settings,
  deps: Deps,
): Promise<GivenOut> {
  const { "cfg-listen": listen = "off", "cfg-cert": certificate } = settings;
  const token = await tokenOf(settings, "cfg-token-file");
  const isToken = token === undefined ? undefined : tokenTest(token);
  const issues = [
    ...(certificate === undefined ? ["--cfg-cert must name a certificate: the files would pass in the clear"] : []),
    ...(isToken ? [] : ["--cfg-token-file must name a token: everybody could have the files"]),
  ];
  if (listen !== "off" && !isOnLoopback(listen) && issues.length > 0) {
    throw new HecdError({ code: "config-invalid", source: `--cfg-listen ${listen}`, issues });
  }
  const refusal = statusListen === "off" || isOnLoopback(statusListen) ? undefined : ELSEWHERE;
  const server = listen === "off" ? undefined : await openCfgServer({ listen, certificate }, { files, isToken }, deps);
  return {
    answers: cfgAnswers({ files, isToken, refusal }),
    async [Symbol.asyncDispose]() {
      await server?.[Symbol.asyncDispose]();
    },
  };
}
