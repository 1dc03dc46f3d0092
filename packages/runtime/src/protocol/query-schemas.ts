import { z } from "zod";
import { isPrintable } from "./printable-text.ts";

/** A list in one query parameter, joined by commas. */
export const commaList = z.string().transform((text) => text.split(",").filter((part) => part !== ""));

/** Values of one filter, joined by commas; each is one comparison in the database. */
export const filterValues = commaList.pipe(
  z.array(z.string().refine(isPrintable, "must be printable text")).max(100),
);

/** A point in time: milliseconds since 1970, or a date text. */
const instant = z
  .string()
  .transform((text) => new Date(/^[0-9]+$/.test(text) ? Number(text) : text))
  .refine(
    // What a database cannot compare is no date either.
    (date) => date.getUTCFullYear() >= 1970 && date.getUTCFullYear() < 10_000,
    "must be a date or milliseconds since 1970",
  );

/** A time that ends now. */
const period = z
  .string()
  .regex(
    /^(?=[0-9])([0-9]{1,9}w)?([0-9]{1,9}d)?([0-9]{1,9}(hr|h))?([0-9]{1,9}m)?([0-9]{1,9}s)?$/,
    "must be a duration such as 1d",
  );

/** The parameters of a list that bound when its items were created. */
export const createdAtFilter = {
  "filter[createdAt][from]": instant
    .optional()
    .describe("Created at or after: a date, or milliseconds since 1970."),
  "filter[createdAt][to]": instant
    .optional()
    .describe("Created at or before: a date, or milliseconds since 1970."),
  "filter[createdAt][period]": period
    .optional()
    .describe("Created within this time: `90s`, `10m`, `1h30m`, `7d`, `2w`; `filter[createdAt][from]` wins."),
};
