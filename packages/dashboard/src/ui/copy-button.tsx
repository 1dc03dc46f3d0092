import { useEffect, useState } from "react";
import { Button } from "./button.tsx";
import { copyText } from "./copy-text.ts";

interface CopyButtonProps {
  /** A function when it takes work to make, or may be another one by then. */
  readonly text: string | (() => string);
  readonly label?: string;
  readonly className?: string;
  readonly tabIndex?: number;
}

/** Puts a text on the clipboard, and says so. */
export function CopyButton({ text, label = "Copy", className = "copy", tabIndex }: CopyButtonProps) {
  const [outcome, setOutcome] = useState<string>();
  useEffect(() => {
    if (outcome === undefined) return;
    const timer = setTimeout(() => setOutcome(undefined), 2_000);
    return () => clearTimeout(timer);
  }, [outcome]);
  async function copy() {
    const copied = await copyText(typeof text === "string" ? text : text());
    setOutcome(copied ? "Copied" : "Not allowed here");
  }
  return (
    <Button kind="quiet" className={className} tabIndex={tabIndex} onClick={() => void copy()}>
      <span aria-live="polite">{outcome ?? label}</span>
    </Button>
  );
}
