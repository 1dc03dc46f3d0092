import { PGlite } from "@electric-sql/pglite";
import type { City } from "./cities.ts";

/** The table that is imported into: a database of its own, which has nothing to do with runmeta's. */
export class CityTable {
  readonly #database: PGlite;

  private constructor(database: PGlite) {
    this.#database = database;
  }

  static async open(directory: string): Promise<CityTable> {
    const database = await PGlite.create(directory);
    await database.exec(`
      create table if not exists city (
        country text not null, name text not null, lat double precision not null, lng double precision not null
      );
      truncate city;
    `);
    return new CityTable(database);
  }

  async insert(cities: readonly City[]): Promise<void> {
    await this.#database.query(
      `insert into city (country, name, lat, lng)
       select country, name, lat, lng
       from json_to_recordset($1) as row (country text, name text, lat double precision, lng double precision)`,
      [JSON.stringify(cities)],
    );
  }

  async count(): Promise<number> {
    const { rows } = await this.#database.query<{ count: number }>("select count(*)::int as count from city");
    return rows[0]?.count ?? 0;
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}
