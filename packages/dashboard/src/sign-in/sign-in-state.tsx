import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";
import type { Fault } from "../api/fault.ts";
import { retrieveSignIn, type SignedIn } from "../api/sign-in.ts";
import { onSignedOut } from "../api/signed-out.ts";

/** Who is signed in, as far as the page knows. */
export type SignInState =
  | { readonly status: "asking" }
  | { readonly status: "unknown"; readonly fault: Fault }
  | { readonly status: "signed-out" }
  | ({ readonly status: "signed-in" } & SignedIn);

interface SignInContext {
  readonly state: SignInState;
  /** After a sign-in or a sign-out of our own. */
  set(state: SignInState): void;
  /** Asks the server again. */
  ask(): void;
}

const Context = createContext<SignInContext | undefined>(undefined);

/** Asks the server who is signed in, and again when it says that nobody is. */
export function SignInProvider({ children }: { readonly children: ReactNode }) {
  const [state, set] = useState<SignInState>({ status: "asking" });
  const ask = useCallback(() => {
    void retrieveSignIn().then((answer) => {
      if (answer === undefined) return;
      if (answer.ok) set({ status: "signed-in", ...answer.value });
      else if (answer.fault.kind !== "signed-out") set({ status: "unknown", fault: answer.fault });
    });
  }, []);
  useEffect(() => {
    const end = onSignedOut.listen(() => set({ status: "signed-out" }));
    ask();
    return end;
  }, [ask]);
  const value = useMemo(() => ({ state, set, ask }), [state, ask]);
  return <Context value={value}>{children}</Context>;
}

/** The state, and what changes it. */
export function useSignIn(): SignInContext {
  const value = useContext(Context);
  if (value === undefined) throw new Error("useSignIn outside of SignInProvider");
  return value;
}

/** True when the key that signed in may change nothing: what changes something is not offered then. */
export function useReadOnly(): boolean {
  const { state } = useSignIn();
  return state.status === "signed-in" && state.readOnly;
}
