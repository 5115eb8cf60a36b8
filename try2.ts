import { ACTS } from "./test/clients/acts.js";
import { STYLES } from "./test/clients/styles.js";
import { measure } from "./test/clients/measure.js";
const style = STYLES.find((s) => /HOLD/.test(s.name))!;
const slow = ACTS.find((a) => /6 s/.test(a.name))!;
const act = { ...slow, perform: slow.perform };
// the second one paused: the backend stays
import { Site } from "./test/clients/site.js";
const serves = Site.prototype.serves;
let first = true;
Site.prototype.serves = async function (n) { await serves.call(this, n); if (first) { await this.docker.run("pause", (globalThis as any).second ?? ""); await new Promise((r) => setTimeout(r, 1500));} };
const server = Site.prototype.server; let made: string[] = [];
Site.prototype.server = async function (...a) { const n = await server.apply(this, a); made.push(n); made.sort(); (globalThis as any).second = made[1]; return n; };
process.on("exit",()=>{});
console.log(JSON.stringify(await measure(act, style, 2)));
