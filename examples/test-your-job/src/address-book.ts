/** One line of an import. */
export interface Contact {
  readonly name: string;
  readonly email: string;
}

/** Stands for your database. */
export const addressBook = {
  async save(contact: Contact): Promise<void> {
    await fetch("https://address-book.example/contacts", { method: "POST", body: JSON.stringify(contact) });
  },
};
