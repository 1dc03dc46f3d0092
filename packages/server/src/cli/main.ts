#!/usr/bin/env node
import { explain } from "./explain.ts";
import { createProgram } from "./program.ts";

createProgram()
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`runmeta: ${explain(error)}\n`);
    process.exit(1);
  });
