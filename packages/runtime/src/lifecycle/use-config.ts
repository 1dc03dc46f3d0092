import { defineConfig, type RunmetaConfig } from "./config.ts";
import { processRegistry } from "./process-registry.ts";

/** Registers a config for the process, in place of an earlier one; undefined removes it. Runs that start later use it. */
export function useConfig(config: RunmetaConfig | undefined): void {
  processRegistry.config = config === undefined ? undefined : defineConfig(config);
}

/** The config of the process, if any. */
export function currentConfig(): RunmetaConfig | undefined {
  return processRegistry.config;
}
