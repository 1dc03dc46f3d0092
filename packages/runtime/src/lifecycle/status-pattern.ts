/** Whether an HTTP status is one of `"404"`, `"500-599"`, `"5xx"`, `"40x"`, a list of them with commas, or `"all"`. */
export function matchesStatus(pattern: string, status: number): boolean {
  return pattern.split(",").some((part) => {
    const text = part.trim();
    if (text === "all") return true;
    const [from, to] = text.split("-");
    if (to !== undefined) return status >= Number(from) && status <= Number(to);
    const digits = String(status);
    return (
      text.length === digits.length && [...text].every((char, at) => char === "x" || char === digits[at])
    );
  });
}
