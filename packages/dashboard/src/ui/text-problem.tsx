import type { RefObject } from "react";
import type { WrongText } from "./read-json.ts";

interface TextProblemProps {
  readonly id: string;
  readonly problem: WrongText | undefined;
  readonly area: RefObject<HTMLTextAreaElement | null>;
}

/** What is wrong with the text of a field, and a way to its place. */
export function TextProblem({ id, problem, area }: TextProblemProps) {
  const place = problem?.place;
  return (
    <p className="text-problem" id={id} role="status">
      {place === undefined ? null : (
        <button
          type="button"
          className="link"
          onClick={() => {
            area.current?.focus();
            area.current?.setSelectionRange(place.offset, place.offset);
          }}
        >
          Line {place.line}, column {place.column}
        </button>
      )}
      {problem === undefined ? null : <span>{problem.message}</span>}
    </p>
  );
}
