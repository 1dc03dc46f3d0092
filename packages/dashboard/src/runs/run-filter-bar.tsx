import { LIVE_STATUSES, RUN_STATUSES, type RunStatus } from "@runmeta/runtime/protocol";
import { type FormEvent, useRef } from "react";
import { useLocation } from "wouter";
import { Button } from "../ui/button.tsx";
import { type FilterChip, FilterChips } from "../ui/filter-chips.tsx";
import { Menu } from "../ui/menu.tsx";
import { statusText } from "../ui/status-badge.tsx";
import { useHotkey } from "../ui/use-hotkey.ts";
import { parseSearch } from "./parse-search.ts";
import { PERIODS, parseRunFilter, type RunFilter } from "./run-filter.ts";

interface RunFilterBarProps {
  readonly filter: RunFilter;
  onChange(filter: RunFilter): void;
}

/** Search, statuses, time, and everything else that runs can be listed by. */
export function RunFilterBar({ filter, onChange }: RunFilterBarProps) {
  return (
    <div className="filter-bar">
      <SearchField filter={filter} onChange={onChange} />
      <StatusMenu filter={filter} onChange={onChange} />
      <TimeMenu filter={filter} onChange={onChange} />
      <MoreMenu filter={filter} onChange={onChange} />
      <FilterChips chips={chipsOf(filter, onChange)} onClear={() => onChange(parseRunFilter(""))} />
    </div>
  );
}

function SearchField({ filter, onChange }: RunFilterBarProps) {
  const field = useRef<HTMLInputElement>(null);
  const [, navigate] = useLocation();
  useHotkey("/", () => field.current?.focus());
  function search(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const wanted = parseSearch(field.current?.value ?? "", filter);
    if (wanted === undefined) return;
    event.currentTarget.reset();
    if (wanted.kind === "run") navigate(`/runs/${wanted.id}`);
    else onChange(wanted.filter);
  }
  return (
    <form className="search" onSubmit={search}>
      <input
        ref={field}
        type="search"
        aria-label="Search runs by task, #tag, key=value or run id"
        placeholder="Task, #tag, key=value or run id"
        autoComplete="off"
        spellCheck={false}
      />
      <span className="hotkey" aria-hidden="true">
        /
      </span>
    </form>
  );
}

function StatusMenu({ filter, onChange }: RunFilterBarProps) {
  const set = (statuses: readonly RunStatus[]) => onChange({ ...filter, statuses });
  return (
    <Menu title="Status">
      <fieldset className="choices">
        <legend className="visually-hidden">Status</legend>
        {RUN_STATUSES.map((status) => (
          <label key={status}>
            <input
              type="checkbox"
              checked={filter.statuses.includes(status)}
              onChange={({ target }) =>
                set(
                  RUN_STATUSES.filter((one) =>
                    one === status ? target.checked : filter.statuses.includes(one),
                  ),
                )
              }
            />
            {statusText(status)}
          </label>
        ))}
      </fieldset>
      <Button onClick={() => set(LIVE_STATUSES)}>All that have not ended</Button>
    </Menu>
  );
}

function TimeMenu({ filter, onChange }: RunFilterBarProps) {
  function pick(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    onChange({ ...filter, period: "", from: String(form.get("from")), to: String(form.get("to")) });
  }
  return (
    <Menu title="Time">
      <div className="choices">
        {PERIODS.map(([period, name]) => (
          <Button
            key={period}
            kind="quiet"
            aria-pressed={filter.period === period}
            onClick={() => onChange({ ...filter, period, from: "", to: "" })}
          >
            {name}
          </Button>
        ))}
      </div>
      <form className="fields" onSubmit={pick} key={`${filter.from} ${filter.to}`}>
        <label>
          From
          <input type="datetime-local" name="from" defaultValue={filter.from} />
        </label>
        <label>
          To
          <input type="datetime-local" name="to" defaultValue={filter.to} />
        </label>
        <Button type="submit">Show this time</Button>
      </form>
    </Menu>
  );
}

function MoreMenu({ filter, onChange }: RunFilterBarProps) {
  function add(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name)).trim();
    const key = text("key");
    const others = filter.metadata.filter((one) => one.key !== key);
    const metadata = key === "" ? filter.metadata : [...others, { key, value: text("value") }];
    onChange({ ...filter, task: text("task"), tag: text("tag"), metadata });
  }
  return (
    <Menu title="More filters">
      <form className="fields" onSubmit={add} key={`${filter.task} ${filter.tag}`}>
        <label>
          Task
          <input name="task" defaultValue={filter.task} autoComplete="off" spellCheck={false} />
        </label>
        <label>
          Tag
          <input name="tag" defaultValue={filter.tag} autoComplete="off" spellCheck={false} />
        </label>
        <fieldset className="pair">
          <legend>Metadata</legend>
          <input name="key" aria-label="Key" placeholder="key" autoComplete="off" spellCheck={false} />
          <span aria-hidden="true">=</span>
          <input name="value" aria-label="Value" placeholder="value" autoComplete="off" spellCheck={false} />
        </fieldset>
        <Button type="submit" kind="primary">
          Apply
        </Button>
      </form>
    </Menu>
  );
}

function chipsOf(filter: RunFilter, onChange: (filter: RunFilter) => void): FilterChip[] {
  const period = PERIODS.find(([one]) => one === filter.period)?.[1] ?? filter.period;
  const texts = [
    ["Task", filter.task, { task: "" }],
    ["Tag", filter.tag, { tag: "" }],
    ["Time", period, { period: "" }],
    ["From", filter.from.replace("T", " "), { from: "" }],
    ["To", filter.to.replace("T", " "), { to: "" }],
  ] as const;
  return [
    ...filter.statuses.map((status) => ({
      name: "Status",
      value: statusText(status),
      remove: () => onChange({ ...filter, statuses: filter.statuses.filter((one) => one !== status) }),
    })),
    ...texts
      .filter(([, value]) => value !== "")
      .map(([name, value, change]) => ({ name, value, remove: () => onChange({ ...filter, ...change }) })),
    ...filter.metadata.map((condition) => ({
      name: condition.key,
      value: condition.value,
      remove: () =>
        onChange({ ...filter, metadata: filter.metadata.filter((one) => one.key !== condition.key) }),
    })),
  ];
}
