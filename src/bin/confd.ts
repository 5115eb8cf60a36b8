#!/usr/bin/env node
import { runConfd } from "../commands/confd/commands.js";
import { runProcess } from "../process.js";

await runProcess("confd", runConfd);
