import type { Fault } from "../api/fault.ts";
import { Button } from "./button.tsx";

/** What went wrong, in the server's words, and a way to try again where that makes sense. */
export function ErrorNote({ fault, onRetry }: { readonly fault: Fault; readonly onRetry?: () => void }) {
  return (
    <div className="note note-bad" role="alert">
      <p>{fault.message}</p>
      {onRetry === undefined ? null : <Button onClick={onRetry}>Try again</Button>}
    </div>
  );
}
