import { metadata, queue, task } from "@runmeta/runtime";

/** At most ten parcels are packed at once, whatever the number of workers. */
const packing = queue({ name: "packing", concurrencyLimit: 10 });

/** One parcel of an order. `onRetry: "reset"`: when its worker is killed, the next attempt counts from the beginning. */
const packParcel = task({
  id: "pack-parcel",
  queue: packing,
  metadata: { onRetry: "reset" },
  run: async (parcel: { order: string; number: number }) => {
    for (let item = 0; item < 5; item += 1) {
      metadata.increment("packed");
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    metadata.parent.increment("parcels");
    return parcel.number;
  },
});

/** An order waits for its parcels; meanwhile its worker executes others. */
export const shipOrder = task({
  id: "ship-order",
  run: async (order: { name: string; parcels: number }) => {
    metadata.set("name", order.name);
    const items = Array.from({ length: order.parcels }, (_, index) => ({
      payload: { order: order.name, number: index + 1 },
      // The order that begins once more, because its worker was killed, finds the parcels it has.
      options: { idempotencyKey: `${order.name}-${index + 1}` },
    }));
    const results = await packParcel.batchTriggerAndWait(items);
    const shipped = results.runs.filter((run) => run.ok).length;
    metadata.set("shipped", shipped);
    return shipped;
  },
});
