import type { ReactNode } from "react";
import { Link, useLocation } from "wouter";
import mark from "../ui/mark.svg";
import { AccountMenu } from "./account-menu.tsx";
import { ConnectionBadge } from "./connection-badge.tsx";
import { StaleNote } from "./stale-note.tsx";

const PLACES = [
  { path: "/runs", name: "Runs" },
  { path: "/sessions", name: "Sessions" },
  { path: "/records", name: "Records" },
] as const;

/** What is around every page of who is signed in. */
export function Shell({ children }: { readonly children: ReactNode }) {
  const [path] = useLocation();
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
          <AccountMenu />
        </div>
      </header>
      <StaleNote />
      <main id="content" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}
