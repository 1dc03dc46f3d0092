/** The options of `runmeta dev`. */
export interface DevOptions {
  readonly tasks: readonly string[];
  readonly port: number;
  readonly data: string;
  readonly concurrency?: number;
  readonly maxMetadataSize?: number;
}
