import { useCallback, useMemo } from "react";
import { useLocation, useSearch } from "wouter";
import { formatRunFilter, parseRunFilter, type RunFilter } from "./run-filter.ts";

/** The filter, kept in the address: links, reloads and the back button keep it. */
export function useRunFilter(): readonly [RunFilter, (filter: RunFilter) => void] {
  const search = useSearch();
  const [, navigate] = useLocation();
  const set = useCallback(
    (filter: RunFilter) => {
      const query = formatRunFilter(filter);
      navigate(query === "" ? "/runs" : `/runs?${query}`);
    },
    [navigate],
  );
  return [useMemo(() => parseRunFilter(search), [search]), set];
}
