import { Button } from "../ui/button.tsx";

interface WaitingRowsProps {
  readonly list: { readonly waiting: number; readonly waitingMore: boolean };
  onShow(): void;
}

/** Tells that something new is on top, and goes there. */
export function WaitingRows({ list: { waiting, waitingMore }, onShow }: WaitingRowsProps) {
  return (
    <div className="waiting-rows" role="status">
      {waiting === 0 ? null : (
        <Button kind="primary" onClick={onShow}>
          ↑ {waiting}
          {waitingMore ? " or more" : ""} new
        </Button>
      )}
    </div>
  );
}
