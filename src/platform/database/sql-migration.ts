import type { MigrationInterface, QueryRunner } from 'typeorm';

/** One change of the schema as plain SQL. Changes go forward only; the way back is the next one, or a backup. */
export abstract class SqlMigration implements MigrationInterface {
  protected abstract readonly sql: string;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(this.sql);
  }

  down(): Promise<void> {
    return Promise.reject(new Error(`${this.constructor.name} goes forward only: write the next migration`));
  }
}
