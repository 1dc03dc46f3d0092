import type { Behaviour } from "./behaviour.ts";
import { delivery } from "./delivery.ts";
import { documents } from "./documents.ts";
import { drops } from "./drops.ts";
import { family } from "./family.ts";
import { lifecycle } from "./lifecycle.ts";
import { streams } from "./streams.ts";

/** Everything that holds on every backend. */
export const behaviours: readonly Behaviour[] = [
  ...documents,
  ...lifecycle,
  ...delivery,
  ...drops,
  ...family,
  ...streams,
];
