import { useMemo } from "react";
import { useLocation, useSearch } from "wouter";

/** The texts of a list's filter; empty ones leave all in. */
export type QueryFilter<Name extends string> = Readonly<{ [Key in Name]: string }>;

/** A filter of some texts, kept in the address under their names. */
export function useQueryFilter<Name extends string>(
  path: string,
  names: readonly Name[],
): readonly [QueryFilter<Name>, (filter: QueryFilter<Name>) => void] {
  const search = useSearch();
  const [, navigate] = useLocation();
  const filter = useMemo(() => {
    const query = new URLSearchParams(search);
    return Object.fromEntries(names.map((name) => [name, query.get(name) ?? ""])) as QueryFilter<Name>;
  }, [search, names]);
  return [
    filter,
    (next) => {
      const query = new URLSearchParams(
        names.filter((name) => next[name] !== "").map((name) => [name, next[name]]),
      );
      navigate(query.size === 0 ? path : `${path}?${query}`);
    },
  ];
}
