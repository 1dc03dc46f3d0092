/** Something that was read, and the texts made of it: each form is made once, however many ask for it. */
export class WrittenOnce<Value> {
  readonly value: Value;
  readonly #texts = new Map<string, string>();

  constructor(value: Value) {
    this.value = value;
  }

  /** The text of a form; `write` makes it at the first question. The value must not change afterwards. */
  text(form: string, write: (value: Value) => string): string {
    let text = this.#texts.get(form);
    if (text === undefined) this.#texts.set(form, (text = write(this.value)));
    return text;
  }
}
