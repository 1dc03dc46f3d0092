import type { ComponentProps } from "react";

/** `primary`: the one thing to do here. `plain`: everything else. `danger`: cannot be undone. */
interface ButtonProps extends ComponentProps<"button"> {
  readonly kind?: "primary" | "plain" | "danger" | "quiet";
}

/** A button that submits nothing unless told to. */
export function Button({ kind = "plain", type = "button", className, ...rest }: ButtonProps) {
  return <button {...rest} type={type} className={`button button-${kind} ${className ?? ""}`} />;
}
