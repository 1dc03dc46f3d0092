import { useRef, useState } from "react";
import type { Fault } from "../../api/fault.ts";
import { cancelRun } from "../../api/runs.ts";
import { Button } from "../../ui/button.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";

/** Cancels a run, once one has said yes. What comes of it comes with the run's events. */
export function CancelButton({ id }: { readonly id: string }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<Fault>();
  const cancel = async () => {
    setBusy(true);
    const answer = await cancelRun(id);
    setBusy(false);
    if (answer?.ok) dialog.current?.close();
    else setFault(answer?.fault);
  };
  return (
    <>
      <Button kind="danger" onClick={() => dialog.current?.showModal()}>
        Cancel run
      </Button>
      <dialog
        className="confirm"
        ref={dialog}
        aria-labelledby="cancel-title"
        onClose={() => setFault(undefined)}
      >
        <h2 id="cancel-title">Cancel this run?</h2>
        <p>It ends now and is not tried again. What it wrote stays.</p>
        {fault === undefined ? null : <ErrorNote fault={fault} />}
        <div className="confirm-buttons">
          <Button autoFocus onClick={() => dialog.current?.close()}>
            Keep it running
          </Button>
          <Button kind="danger" disabled={busy} onClick={() => void cancel()}>
            Cancel run
          </Button>
        </div>
      </dialog>
    </>
  );
}
