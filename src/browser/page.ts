// The script of the page: keeps it as the server has it, and finds rows. Without it the page is whole, and as of its loading.
import type { Patch } from "../edges/page/rendered.js";
import { Filter } from "./filter.js";
import { applyPatch } from "./patch.js";

/** The server says the time every 5 s: a page that has not heard it for so long is not live. */
const SILENCE_MS = 12_000;

const asOf = document.querySelector("#as-of time");
const said = document.querySelector("#said");
const filter = new Filter();

/** Says the state anew to those who do not see it, when it is another. */
function tellState(): void {
  const words = document.querySelector("#state-title")?.textContent.trim() ?? "";
  document.title = document.title.replace(/^[^:]*/, words);
  if (said && said.textContent !== words) said.textContent = words;
}

function showTime(iso: string): void {
  if (!(asOf instanceof HTMLTimeElement)) return;
  asOf.dateTime = iso;
  asOf.textContent = iso.slice(0, 19).replace("T", " ");
}

function follow(): void {
  const since = document.body.dataset["version"] ?? "";
  const stream = new EventSource(`page/live?since=${encodeURIComponent(since)}`);
  let timer = 0;
  const isAlive = (): void => {
    document.body.classList.remove("is-stale");
    clearTimeout(timer);
    timer = setTimeout(isSilent, SILENCE_MS);
  };
  // What a browser does not notice by itself, as when the machine has slept: it begins anew.
  const isSilent = (): void => {
    document.body.classList.add("is-stale");
    stream.close();
    setTimeout(follow, 1_000);
  };
  stream.addEventListener("time", ({ data }: MessageEvent<string>) => {
    showTime(JSON.parse(data) as string);
    isAlive();
  });
  stream.addEventListener("patch", ({ data, lastEventId }: MessageEvent<string>) => {
    applyPatch(JSON.parse(data) as Patch);
    document.body.dataset["version"] = lastEventId;
    filter.apply();
    tellState();
    isAlive();
  });
  stream.addEventListener("error", () => {
    document.body.classList.add("is-stale");
  });
  isAlive();
}

/** A link to something within a service that is closed opens it. */
function openTarget(): void {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const service = target?.closest("details");
  if (service) service.open = true;
  target?.scrollIntoView({ block: "nearest" });
}

addEventListener("hashchange", openTarget);
openTarget();
follow();
