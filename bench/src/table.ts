/** Median and lowest of the rounds, in the unit of its table. */
export interface Figure {
  readonly median: number;
  readonly lowest: number;
}

/** One comparison. */
export interface Line {
  readonly name: string;
  readonly peer: Figure;
  readonly ours: Figure;
  /** How many times better ours is, by the medians; for a share of a limit, that share. */
  readonly ratio: number;
  /** What the ratio must at least be. */
  readonly goal?: number | undefined;
}

/** Comparisons with one peer. */
export interface Table {
  readonly title: string;
  readonly peer: string;
  readonly unit: "ns" | "µs" | "ms" | "MB" | "KB" | "B" | "/s";
  /** `times`: ratios are printed as `12x`; `share`: as per cent of what the peer does. */
  readonly ratioAs: "times" | "share";
  readonly lines: readonly Line[];
  /** What else was seen, in whole sentences. */
  readonly notes?: readonly string[] | undefined;
}

/** Median and lowest of some values. */
export function figure(values: readonly number[]): Figure {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN, lowest: sorted[0] ?? Number.NaN };
}

/** A line about a cost: the less, the better. */
export function costLine(
  name: string,
  peer: readonly number[],
  ours: readonly number[],
  goal?: number,
): Line {
  const [peerFigure, oursFigure] = [figure(peer), figure(ours)];
  return { name, peer: peerFigure, ours: oursFigure, ratio: peerFigure.median / oursFigure.median, goal };
}

/** A line about a rate: the more, the better. */
export function rateLine(
  name: string,
  limit: readonly number[],
  ours: readonly number[],
  goal?: number,
): Line {
  const [limitFigure, oursFigure] = [figure(limit), figure(ours)];
  return { name, peer: limitFigure, ours: oursFigure, ratio: oursFigure.median / limitFigure.median, goal };
}

/** The table as Markdown. */
export function formatTable(table: Table): string {
  const { title, peer, unit, ratioAs, lines, notes = [] } = table;
  const rows = lines.map((line) => {
    const cells = [line.name, shown(line.peer, unit), shown(line.ours, unit), ratio(line.ratio, ratioAs)];
    const goal = line.goal === undefined ? "" : goalCell(line.ratio, line.goal, ratioAs);
    return `| ${[...cells, goal].join(" | ")} |`;
  });
  return [
    `### ${title}`,
    "",
    `| median (lowest), ${unit} | ${peer} | runmeta | ratio | goal |`,
    "|---|---|---|---|---|",
    ...rows,
    ...notes.flatMap((note) => ["", note]),
    "",
  ].join("\n");
}

function goalCell(reached: number, goal: number, as: Table["ratioAs"]): string {
  return `${ratio(goal, as)} ${reached >= goal ? "reached" : "**missed**"}`;
}

function ratio(value: number, as: Table["ratioAs"]): string {
  if (as === "share") return `${Math.round(value * 100)} %`;
  return `${value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(1)}x`;
}

function shown({ median, lowest }: Figure, unit: Table["unit"]): string {
  return unit === "/s" ? rounded(median) : `${rounded(median)} (${rounded(lowest)})`;
}

function rounded(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 1 ? 1 : 3;
  return value.toLocaleString("en", { maximumFractionDigits: digits });
}
