import { type ReactNode, useRef } from "react";
import type { Answer } from "../api/fault.ts";
import { Button } from "./button.tsx";
import { ErrorNote } from "./error-note.tsx";
import { Menu } from "./menu.tsx";
import { useSubmit } from "./use-submit.ts";

interface MenuFormProps<Value> {
  /** Of the button that opens it. */
  readonly title: string;
  /** Of the button that does it. */
  readonly action: string;
  /** Cannot be undone. */
  readonly danger?: boolean;
  readonly children: ReactNode;
  /** @param fields by their names */
  send(fields: FormData): Promise<Answer<Value> | undefined>;
  onDone(value: Value, headers: Headers): void;
}

/** A button that opens a few fields, and what is done with them. */
export function MenuForm<Value>(props: MenuFormProps<Value>) {
  const form = useRef<HTMLFormElement>(null);
  const { busy, fault, submit } = useSubmit(
    () => props.send(new FormData(form.current ?? undefined)),
    props.onDone,
  );
  return (
    <Menu title={props.title}>
      <form
        ref={form}
        className="fields"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {props.children}
        {fault === undefined ? null : <ErrorNote fault={fault} />}
        <Button type="submit" kind={props.danger ? "danger" : "primary"} disabled={busy}>
          {props.action}
        </Button>
      </form>
    </Menu>
  );
}
