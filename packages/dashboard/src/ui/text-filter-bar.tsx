import { type FormEvent, useId } from "react";
import { Button } from "./button.tsx";
import { FilterChips } from "./filter-chips.tsx";
import { Menu } from "./menu.tsx";
import type { QueryFilter } from "./use-query-filter.ts";

/** A text or a choice that a list is filtered by. */
export interface FilterField<Name extends string> {
  readonly name: Name;
  readonly label: string;
  /** With options it is a choice. */
  readonly options?: readonly (readonly [value: string, text: string])[];
}

interface TextFilterBarProps<Name extends string> {
  readonly fields: readonly FilterField<Name>[];
  readonly filter: QueryFilter<Name>;
  onChange(filter: QueryFilter<Name>): void;
}

/** A few texts that a list is filtered by, and which of them hold. */
export function TextFilterBar<Name extends string>({ fields, filter, onChange }: TextFilterBarProps<Name>) {
  const id = useId();
  const nothing = Object.fromEntries(fields.map(({ name }) => [name, ""])) as QueryFilter<Name>;
  function apply(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    onChange(
      Object.fromEntries(
        fields.map(({ name }) => [name, String(form.get(name)).trim()]),
      ) as QueryFilter<Name>,
    );
  }
  return (
    <div className="filter-bar">
      <Menu title="Filters">
        <form className="fields" onSubmit={apply} key={JSON.stringify(filter)}>
          {fields.map(({ name, label, options }) => (
            <label key={name} htmlFor={`${id}-${name}`}>
              {label}
              {options === undefined ? (
                <input
                  id={`${id}-${name}`}
                  name={name}
                  defaultValue={filter[name]}
                  autoComplete="off"
                  spellCheck={false}
                />
              ) : (
                <select id={`${id}-${name}`} name={name} defaultValue={filter[name]}>
                  {options.map(([value, text]) => (
                    <option key={value} value={value}>
                      {text}
                    </option>
                  ))}
                </select>
              )}
            </label>
          ))}
          <Button type="submit" kind="primary">
            Apply
          </Button>
        </form>
      </Menu>
      <FilterChips
        chips={fields
          .filter(({ name }) => filter[name] !== "")
          .map(({ name, label, options }) => ({
            name: label,
            value: options?.find(([value]) => value === filter[name])?.[1] ?? filter[name],
            remove: () => onChange({ ...filter, [name]: "" }),
          }))}
        onClear={() => onChange(nothing)}
      />
    </div>
  );
}
