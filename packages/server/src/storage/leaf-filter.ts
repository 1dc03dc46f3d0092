/** A condition on a document: what stands at a key, or at a dotted path of keys, as text. */
export interface LeafFilter {
  readonly path: string;
  readonly value: string;
}
