import { useTitle } from "../ui/use-title.ts";

/** One record. */
export function RecordPage({ id }: { readonly id: string }) {
  useTitle(id);
  return <h1>{id}</h1>;
}
