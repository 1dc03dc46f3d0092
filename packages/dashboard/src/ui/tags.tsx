/** Tags; what does not fit is cut, and told as a number and in the title. */
export function Tags({
  tags,
  most = tags.length,
}: {
  readonly tags: readonly string[];
  readonly most?: number;
}) {
  const rest = tags.length - most;
  return (
    <span className="tags" title={tags.join("\n")}>
      {tags.slice(0, most).map((tag) => (
        <span className="tag" key={tag}>
          <bdi>{tag}</bdi>
        </span>
      ))}
      {rest > 0 ? <span className="tag-rest">+{rest}</span> : null}
    </span>
  );
}
