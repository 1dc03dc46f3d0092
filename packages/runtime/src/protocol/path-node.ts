/**
 * One place in a document, while operations are collapsed: which of them stand at this place and below it. A place that
 * is read as a whole takes over what stands below, so every entry moves up at most once a level.
 */
export class PathNode {
  /** Operations at this place, and those once below it that may no longer be merged with. */
  #own: number[] = [];
  #children: Map<string, PathNode> | undefined;
  /** The newest operation at exactly this place. */
  last: number | undefined;
  /** The oldest operation here since the place was deleted that fills it when it is missing. */
  creator: number | undefined;
  /** The `delete` of this place that nothing has absorbed. */
  deleted: number | undefined;

  /** True when operations stand below that came after the newest one here. */
  get hasBelow(): boolean {
    return this.#children !== undefined;
  }

  child(segment: string): PathNode {
    this.#children ??= new Map();
    let child = this.#children.get(segment);
    if (child === undefined) this.#children.set(segment, (child = new PathNode()));
    return child;
  }

  /** Notes an operation at exactly this place. */
  put(index: number, creates: boolean): void {
    this.#own.push(index);
    this.last = index;
    if (creates) this.creator ??= index;
  }

  /** Notes a `delete` of this place. */
  putDeleted(index: number): void {
    this.#own.push(index);
    this.last = index;
    this.deleted = index;
  }

  /** Notes operations from below that nothing may merge with any more. */
  keep(indexes: readonly number[]): void {
    for (const index of indexes) this.#own.push(index);
  }

  /** Takes away everything at this place. */
  takeOwn(): readonly number[] {
    const own = this.#own;
    this.#own = [];
    this.last = undefined;
    this.creator = undefined;
    this.deleted = undefined;
    return own;
  }

  /** Takes away everything below this place. */
  takeBelow(): readonly number[] {
    const taken: number[] = [];
    // Not recursive: a path may have many segments.
    const nodes = [...(this.#children?.values() ?? [])];
    for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
      for (const index of node.#own) taken.push(index);
      if (node.#children !== undefined) nodes.push(...node.#children.values());
    }
    this.#children = undefined;
    return taken;
  }
}
