const inFlight = new Set<Promise<unknown>>();

/** Marks that something in this process is answered without a timer: no clock of this package moves until it is. */
export async function whileAnswered<T>(answer: Promise<T>): Promise<T> {
  inFlight.add(answer);
  try {
    return await answer;
  } finally {
    inFlight.delete(answer);
  }
}

/** Whether there was something to wait for; resolves when all of it has been answered. */
export async function untilAnswered(): Promise<boolean> {
  if (inFlight.size === 0) return false;
  await Promise.allSettled(inFlight);
  return true;
}
