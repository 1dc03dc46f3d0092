import { Button } from "./button.tsx";

/** One condition that holds, in words, and what takes it away. */
export interface FilterChip {
  readonly name: string;
  readonly value: string;
  remove(): void;
}

/** The conditions of a list. */
export function FilterChips({ chips, onClear }: { readonly chips: readonly FilterChip[]; onClear(): void }) {
  if (chips.length === 0) return null;
  return (
    <ul className="chips" aria-label="Filters">
      {chips.map((chip) => (
        <li className="chip" key={`${chip.name} ${chip.value}`}>
          <span className="chip-name">
            <bdi>{chip.name}</bdi>
          </span>
          <bdi className="cut">{chip.value}</bdi>
          <button
            type="button"
            className="chip-remove"
            aria-label={`Remove ${chip.name} ${chip.value}`}
            onClick={chip.remove}
          >
            ×
          </button>
        </li>
      ))}
      <li>
        <Button kind="quiet" onClick={onClear}>
          Clear
        </Button>
      </li>
    </ul>
  );
}
