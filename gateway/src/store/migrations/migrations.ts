import { TO_SCHEMA_10 } from "./before-migrations.ts";
import type { Migration } from "./migration.ts";
import { TO_FIRST_RELEASE } from "./to-first-release.ts";

/** The oldest tables that can be brought up to date. */
export const FIRST_SCHEMA = 6;

/** In order: the first makes schema 7 of `FIRST_SCHEMA`. Steps are appended, and those of a release never change. */
export const MIGRATIONS: readonly Migration[] = [...TO_SCHEMA_10, ...TO_FIRST_RELEASE];

/** Of the tables that this gateway reads and writes. */
export const SCHEMA_VERSION = FIRST_SCHEMA + MIGRATIONS.length;
