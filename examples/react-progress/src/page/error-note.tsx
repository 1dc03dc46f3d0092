import type { ReactNode } from "react";

/** What went wrong, in the words of whoever knows it. */
export function ErrorNote(props: {
  readonly title: string;
  readonly error: { readonly message: string };
  readonly children?: ReactNode;
}) {
  const { title, error, children } = props;
  return (
    <div className="error" role="alert">
      <b>{title}</b>
      <span>{error.message}</span>
      {children}
    </div>
  );
}
