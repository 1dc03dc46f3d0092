import type { ReactNode } from "react";
import { Link } from "wouter";

interface DetailHeadProps {
  /** The list it belongs to. */
  readonly list: { readonly path: string; readonly name: string };
  readonly title: string;
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
}

/** What a page of one thing begins with. */
export function DetailHead({ list, title, children, actions }: DetailHeadProps) {
  return (
    <header className="detail-head">
      <Link href={list.path} className="detail-back">
        ← {list.name}
      </Link>
      <div className="detail-title">
        <h1>
          <bdi>{title}</bdi>
        </h1>
        {children}
        <div className="detail-actions">{actions}</div>
      </div>
    </header>
  );
}
