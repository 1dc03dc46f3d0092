/** A run's dates as they travel: ISO text. */
interface DateTexts {
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly startedAt?: string | undefined;
  readonly finishedAt?: string | undefined;
  readonly delayedUntil?: string | undefined;
  readonly expiredAt?: string | undefined;
}

type WithDates<Run extends DateTexts> = Omit<Run, keyof DateTexts> & {
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly startedAt?: Date;
  readonly finishedAt?: Date;
  readonly delayedUntil?: Date;
  readonly expiredAt?: Date;
};

/** @throws RangeError naming the field that is no date */
export function readDate(name: string, text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new RangeError(`"${name}" (not a date)`);
  return date;
}

/**
 * A run with its dates as Dates; absent ones stay absent.
 * @throws RangeError naming the field that is no date
 */
export function withDates<Run extends DateTexts>(run: Run): WithDates<Run> {
  const { createdAt, updatedAt, startedAt, finishedAt, delayedUntil, expiredAt, ...rest } = run;
  return {
    ...rest,
    createdAt: readDate("createdAt", createdAt),
    updatedAt: readDate("updatedAt", updatedAt),
    ...(startedAt === undefined ? {} : { startedAt: readDate("startedAt", startedAt) }),
    ...(finishedAt === undefined ? {} : { finishedAt: readDate("finishedAt", finishedAt) }),
    ...(delayedUntil === undefined ? {} : { delayedUntil: readDate("delayedUntil", delayedUntil) }),
    ...(expiredAt === undefined ? {} : { expiredAt: readDate("expiredAt", expiredAt) }),
  };
}
