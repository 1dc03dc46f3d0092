import type { Migration } from "./migration.ts";

/**
 * Records of the Runtype API. One sequence gives both their order and their versions, so that no version ever comes
 * back: not even that of a record which was deleted and made again.
 */
export const recordsMigration: Migration = {
  number: 4,
  name: "records",
  sql: `
CREATE SEQUENCE record_numbers;
CREATE TABLE records (
  environment text NOT NULL,
  id text NOT NULL,
  number bigint NOT NULL DEFAULT nextval('record_numbers'),
  version bigint NOT NULL DEFAULT nextval('record_numbers'),
  type text NOT NULL,
  name text NOT NULL,
  metadata text NOT NULL,
  messages text,
  create_key text NOT NULL,
  update_key text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (environment, id)
);
ALTER TABLE records ALTER COLUMN metadata SET STORAGE EXTERNAL, ALTER COLUMN messages SET STORAGE EXTERNAL;
CREATE INDEX records_newest ON records (environment, number DESC);
CREATE INDEX records_by_type ON records (environment, type, number DESC);
CREATE UNIQUE INDEX records_by_request ON records (environment, create_key);
`,
};
