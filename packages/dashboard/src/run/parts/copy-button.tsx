import { type ReactNode, useEffect, useState } from "react";
import { Button } from "../../ui/button.tsx";

interface CopyButtonProps {
  /** Made when it is asked for: a document can be large. */
  readonly text: () => string;
  readonly children: ReactNode;
  readonly title?: string;
  readonly className?: string;
  readonly tabIndex?: number;
}

/** Copies a text, and says whether it did. */
export function CopyButton({ text, children, ...rest }: CopyButtonProps) {
  const [said, setSaid] = useState<string>();
  useEffect(() => {
    if (said === undefined) return;
    const timer = setTimeout(() => setSaid(undefined), 1_500);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <Button
      kind="quiet"
      {...rest}
      onClick={(event) => {
        event.stopPropagation();
        void copyText(text()).then((copied) => setSaid(copied ? "Copied" : "Not allowed"));
      }}
    >
      <span aria-live="polite">{said ?? children}</span>
    </Button>
  );
}

/** @returns false when the browser does not let it */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** Pages that came by plain http from another machine have no clipboard of their own. */
function copyBySelection(text: string): boolean {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  return copied;
}
