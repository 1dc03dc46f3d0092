/** What is needed of a database to keep secret keys; it never sees one in the clear. */
export interface ApiKeyStorage {
  /** Stores a key. Repeatable. */
  insertApiKey(key: NewApiKey): Promise<void>;
  /** All keys, revoked ones too, newest first. */
  listApiKeys(): Promise<ApiKeyRow[]>;
  /** Revokes a key and drops its text; false when there is no such key. Repeatable. */
  revokeApiKey(id: string): Promise<boolean>;
}

export interface NewApiKey {
  readonly id: string;
  readonly environment: string;
  readonly readOnly: boolean;
  /** The encrypted key; empty once it is revoked. */
  readonly sealed: string;
}

export interface ApiKeyRow extends NewApiKey {
  readonly createdAt: Date;
  readonly revokedAt: Date | undefined;
}
