/** Longest id of a record that a client chooses, in characters. */
const MAX_RECORD_ID_LENGTH = 255;

/** Whether text can be a record's id: it survives a path, headers, logs and databases. */
export function isRecordId(text: string): boolean {
  return (
    text.trim() !== "" &&
    text.length <= MAX_RECORD_ID_LENGTH &&
    text !== "." &&
    text !== ".." &&
    !/[\p{Control}\p{Surrogate}]/u.test(text)
  );
}
