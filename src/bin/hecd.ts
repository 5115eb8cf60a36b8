#!/usr/bin/env node
import { runCli } from "../cli.js";
import { runProcess } from "../process.js";

await runProcess("hecd", runCli);
