import { useId, useRef } from "react";
import { type WrongText, wrongText } from "./read-json.ts";
import { TextProblem } from "./text-problem.tsx";

interface JsonFieldProps {
  readonly label: string;
  readonly text: string;
  onChange(text: string): void;
  readonly problem: WrongText | undefined;
  /** What the server will count, and how much it allows. */
  readonly bytes?: { readonly used: number; readonly limit: number } | undefined;
}

/** Text that must be JSON: what is wrong with it, and how large it is. */
export function JsonField({ label, text, onChange, problem, bytes }: JsonFieldProps) {
  const id = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  const over = bytes !== undefined && bytes.used > bytes.limit;
  return (
    <div className="json-field">
      <div className="json-field-head">
        <label htmlFor={id}>{label}</label>
        {bytes === undefined ? null : (
          <span className="number" data-over={over}>
            {bytes.used.toLocaleString()} of {bytes.limit.toLocaleString()} bytes
          </span>
        )}
      </div>
      <textarea
        ref={area}
        id={id}
        value={text}
        onChange={(event) => onChange(event.target.value)}
        spellCheck={false}
        rows={Math.min(30, Math.max(6, text.split("\n").length + 1))}
        aria-invalid={problem !== undefined || over}
        aria-describedby={`${id}-problem`}
      />
      <TextProblem
        id={`${id}-problem`}
        problem={problem ?? (over ? wrongText("This is more than the server takes") : undefined)}
        area={area}
      />
    </div>
  );
}
