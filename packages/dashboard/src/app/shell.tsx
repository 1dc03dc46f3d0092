import type { ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { signOut } from "../api/sign-in.ts";
import { useReadOnly, useSignIn } from "../sign-in/sign-in-state.tsx";
import { Button } from "../ui/button.tsx";
import { ConnectionBadge } from "./connection-badge.tsx";
import mark from "./mark.svg";
import { StaleNote } from "./stale-note.tsx";
import { ThemeSwitch } from "./theme-switch.tsx";

const PLACES = [
  { path: "/runs", name: "Runs" },
  { path: "/sessions", name: "Sessions" },
  { path: "/records", name: "Records" },
] as const;

/** What is around every page of who is signed in. */
export function Shell({ children }: { readonly children: ReactNode }) {
  const [path] = useLocation();
  const { state, set } = useSignIn();
  const readOnly = useReadOnly();
  return (
    <div className="shell">
      <a className="skip-link" href="#content">
        To the content
      </a>
      <header className="bar">
        <Link href="/runs" className="brand">
          <img src={mark} alt="" width="22" height="22" />
          runmeta
        </Link>
        <nav aria-label="Pages">
          {PLACES.map((place) => (
            <Link
              key={place.path}
              href={place.path}
              className="place"
              aria-current={path === place.path || path.startsWith(`${place.path}/`) ? "page" : undefined}
            >
              {place.name}
            </Link>
          ))}
        </nav>
        <div className="bar-end">
          <ConnectionBadge />
          {state.status === "signed-in" ? (
            <span className="environment" title={readOnly ? "This key may look only" : "Environment"}>
              {state.environment}
              {readOnly ? " · read-only" : ""}
            </span>
          ) : null}
          <ThemeSwitch />
          <Button
            kind="quiet"
            onClick={() => {
              void signOut().then((answer) => {
                if (answer?.ok) set({ status: "signed-out" });
              });
            }}
          >
            Sign out
          </Button>
        </div>
      </header>
      <StaleNote />
      <main id="content" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}
